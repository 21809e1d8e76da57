//! One run of the program: look, ask, listen, attack, follow, tidy up, report.

use std::{io, time::Duration};

use aws_config::SdkConfig;

use crate::{
    arguments::Arguments,
    attack::remedy,
    aws::{self, cloudtrail::CloudTrail, cloudtrail::POLL_INTERVAL, inbox::Inbox},
    call::Call,
    confirm,
    drill::{Drill, Ran},
    moment,
    output::{alarm, arm, complain, forget, save, script, summary, tell_left_over, write},
    preflight::{self, Unfit},
    report::{self, Figures, Measured, NoticeSeen, Report},
    screen::Screen,
    signals,
    state::Reading,
    timeline,
    verdict::{Verdict, judge},
};

/// Why nothing was attacked.
struct NotRun {
    why: String,
    next: String,
}

impl NotRun {
    fn new(why: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            why: why.into(),
            next: next.into(),
        }
    }
}

impl From<Unfit> for NotRun {
    fn from(unfit: Unfit) -> Self {
        Self::new(unfit.to_string(), unfit.next_step())
    }
}

/// What is known before the attack.
struct Prepared {
    settings: SdkConfig,
    api: CloudTrail,
    caller: String,
    saved: Reading,
    call: Call,
    commands: Vec<String>,
}

/// Runs the drill.
pub async fn run(arguments: &Arguments, screen: &Screen) -> Verdict {
    match attacked(arguments, screen).await {
        Ok(verdict) => verdict,
        Err(NotRun { why, next }) => {
            complain(&format!("error: {why}\nNothing was attacked. {next}"));
            Verdict::NotRun
        }
    }
}

async fn attacked(arguments: &Arguments, screen: &Screen) -> Result<Verdict, NotRun> {
    let mut signals = signals::catch()
        .map_err(|error| NotRun::new(format!("signals cannot be caught: {error}"), ""))?;
    let prepared = tokio::select! {
        biased;
        Some(signal) = signals.recv() => return Err(interrupted(signal)),
        prepared = prepare(arguments, screen) => prepared?,
    };
    if !arguments.yes {
        tokio::select! {
            biased;
            Some(signal) = signals.recv() => return Err(interrupted(signal)),
            answer = confirm::ask(arguments, screen) => answer.map_err(|error| {
                NotRun::new(error.to_string(), "Without a terminal, say --yes (make drill: YES=1).")
            })?,
        }
    }
    save(
        &arguments.out,
        &arguments.trail.to_string(),
        &prepared.commands,
    )
    .map_err(|error| unsaved(arguments, &error))?;
    // Not cut off by a signal: nobody would remove the queue.
    let inbox = listen(arguments, &prepared, screen)
        .await
        .inspect_err(|_| forget(&arguments.out))?;
    if let Ok(signal) = signals.try_recv() {
        forget(&arguments.out);
        let left = tidy_up(inbox, screen).await;
        tell_left_over(&left);
        return Err(interrupted(signal));
    }
    // The long ones would only hide the others; restore.sh has them all.
    let way_back = match &prepared.commands[..] {
        [only] if only.len() < 200 => only.clone(),
        _ => script(arguments),
    };
    screen.say(&format!(
        "if this is cut off, put the trail back: {way_back}"
    ));
    arm(&prepared.commands);
    let drill = Drill {
        arn: &arguments.trail,
        attack: arguments.attack,
        call: prepared.call.clone(),
        saved: prepared.saved.clone(),
        budget: arguments.budget,
        restore_limit: arguments.restore_limit,
        trail: &prepared.api,
        inbox: inbox.as_ref(),
        screen,
    };
    let ran = drill.run(&mut signals).await;
    Ok(finish(arguments, screen, &prepared, ran, inbox).await)
}

fn unsaved(arguments: &Arguments, error: &io::Error) -> NotRun {
    let folder = arguments.out.display();
    if error.kind() == io::ErrorKind::AlreadyExists {
        let script = script(arguments);
        return NotRun::new(
            format!("a drill that was cut off, or is under way, has its restore.sh in {folder}"),
            format!(
                "See that its trail is as it should be; if not, `{script}`. Then remove that file. \
                 Or give another folder: --out DIR."
            ),
        );
    }
    NotRun::new(
        format!("{folder}: {error}"),
        "Give a folder that can be written: --out DIR.",
    )
}

fn interrupted(signal: &str) -> NotRun {
    NotRun::new(format!("interrupted by {signal}"), "")
}

async fn prepare(arguments: &Arguments, screen: &Screen) -> Result<Prepared, NotRun> {
    let trail = &arguments.trail;
    let settings = aws::settings(trail.region())
        .await
        .map_err(|error| NotRun::new(error.to_string(), "Correct that setting."))?;
    let caller = preflight::caller(&settings, trail).await?;
    screen.say(&format!("you are {caller}"));
    let api = CloudTrail::new(&settings, trail.clone());
    let (saved, call) = preflight::examine(&api, trail, arguments.attack).await?;
    screen.say(&format!(
        "the trail {} logs in {}",
        trail.name(),
        trail.region()
    ));
    let commands = remedy(&saved, &arguments.attack.aftermath(&saved))
        .iter()
        .map(|call| call.command(trail))
        .collect();
    Ok(Prepared {
        settings,
        api,
        caller,
        saved,
        call,
        commands,
    })
}

async fn listen(
    arguments: &Arguments,
    prepared: &Prepared,
    screen: &Screen,
) -> Result<Option<Inbox>, NotRun> {
    let Some(topic) = &arguments.topic else {
        screen.say("no topic given: the notice is not followed");
        return Ok(None);
    };
    match Inbox::open(&prepared.settings, topic, arguments.trail.account()).await {
        Ok(inbox) => {
            screen.say(&format!(
                "the queue {} listens to {}",
                inbox.name(),
                topic.name()
            ));
            Ok(Some(inbox))
        }
        Err((error, left)) => {
            tell_left_over(&left);
            let next = format!("{} Or leave --topic out.", error.next_step());
            Err(NotRun::new(error.to_string(), next))
        }
    }
}

/// What is still to be done when the attack is over, however it went.
async fn finish(
    arguments: &Arguments,
    screen: &Screen,
    prepared: &Prepared,
    ran: Ran,
    inbox: Option<Inbox>,
) -> Verdict {
    let with_notice = inbox.is_some();
    let (verdict, reasons) = judge(
        &ran.course,
        ran.attack_error.as_ref(),
        with_notice,
        arguments.budget,
    );
    if verdict == Verdict::MaybeWeakened {
        // Before anything that could take time.
        alarm(&prepared.commands, &reasons);
    }
    let left_over = tidy_up(inbox, screen).await;
    let report = Report {
        left_over,
        ..describe(arguments, prepared, &ran, with_notice, (verdict, reasons))
    };
    let accepted = ran.attack_error.is_none();
    if accepted {
        let drawn = timeline::draw(&report.timeline, |text, mood| screen.mood(text, mood));
        let heading = screen.bold("Timeline");
        screen.line(&format!(
            "\n{heading} since the attack was accepted (~ by AWS's clock)\n\n{drawn}"
        ));
    }
    summary(screen, &report);
    match write(&arguments.out, &report) {
        Ok(()) => screen.line(&format!(
            "  {}",
            arguments.out.join("report.html").display()
        )),
        Err(error) => complain(&format!("error: the report was not written: {error}")),
    }
    tell_left_over(&report.left_over);
    if verdict == Verdict::MaybeWeakened {
        alarm(&prepared.commands, &report.reasons);
    } else {
        forget(&arguments.out);
    }
    verdict
}

fn describe(
    arguments: &Arguments,
    prepared: &Prepared,
    ran: &Ran,
    with_notice: bool,
    (verdict, reasons): (Verdict, Vec<String>),
) -> Report {
    let (trail, course) = (&arguments.trail, &ran.course);
    let operation = prepared.call.operation();
    let poll_interval_ms = millis(POLL_INTERVAL);
    let steps = if ran.attack_error.is_none() {
        timeline::steps(course, operation, ran.accepted_at)
    } else {
        Vec::new()
    };
    Report {
        schema: report::SCHEMA,
        version: report::VERSION,
        tool: report::Tool {
            version: env!("CARGO_PKG_VERSION"),
            commit: option_env!("TRAILKEEPER_COMMIT").filter(|commit| !commit.is_empty()),
        },
        verdict,
        exit_code: verdict.exit_code(),
        reasons,
        trail: report::Trail {
            arn: trail.to_string(),
            name: trail.name().to_owned(),
            account: trail.account().to_owned(),
            region: trail.region().to_owned(),
        },
        caller: prepared.caller.clone(),
        attack: report::Attack {
            name: arguments.attack.as_str(),
            operation,
            effect: arguments.attack.effect(),
        },
        attacked_at: moment::shown(ran.accepted_at),
        figures: Figures::of(course, millis(arguments.budget)),
        restored_by: report::restored_by(course),
        notice: NoticeSeen::of(course, &prepared.caller),
        measured: Measured {
            poll_interval_ms,
            reads: course.reads,
            failed_reads: course.failed_reads,
            notice_followed: with_notice,
            notes: report::notes(course, poll_interval_ms, with_notice),
        },
        timeline: steps,
        restore_commands: prepared.commands.clone(),
        left_over: Vec::new(),
    }
}

async fn tidy_up(inbox: Option<Inbox>, screen: &Screen) -> Vec<String> {
    let Some(inbox) = inbox else {
        return Vec::new();
    };
    let left = inbox.close().await;
    if left.is_empty() {
        screen.say("queue and subscription removed");
    }
    left
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
