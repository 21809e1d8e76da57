//! The Lambda runtime API, and the function's binary under it.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{
        Arc, Condvar, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use crate::{
    attack::RESPONDER,
    aws::Aws,
    http::{Reply, Request, serve},
    stores::TABLE,
};

pub const SECRET: &str = "wJalrXUtnFEMI-secret";
pub const TOKEN: &str = "session-token-secret";

/// How an invocation ended: the answer, or what `/error` was told.
#[derive(Debug)]
pub enum Outcome {
    Answered(Value),
    Failed(Value),
    /// The process could not start.
    InitFailed(Value),
}

struct Invocation {
    event: String,
    deadline: Duration,
    request_id: String,
}

/// The function's process under a runtime API of its own.
pub struct Function {
    process: Child,
    invocations: mpsc::Sender<Invocation>,
    outcomes: mpsc::Receiver<Outcome>,
    log: Arc<(Mutex<Vec<String>>, Condvar)>,
}

impl Function {
    /// Starts the binary with `settings` over its usual environment; an empty
    /// value removes a variable.
    pub fn start(aws: &Aws, settings: &[(&str, &str)]) -> Self {
        let (invocations, waiting) = mpsc::channel::<Invocation>();
        let (report, outcomes) = mpsc::channel();
        let waiting = Mutex::new(waiting);
        let report = Mutex::new(report);
        let port = serve(move |request| runtime_api(&request, &waiting, &report));

        let binary = env::var("TRAILKEEPER_BINARY")
            .unwrap_or_else(|_| env!("CARGO_BIN_EXE_trailkeeper").to_owned());
        let mut command = Command::new(&binary);
        command
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{port}"))
            .env("AWS_LAMBDA_FUNCTION_NAME", "trailkeeper-responder")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", aws.port))
            .env("AWS_REGION", "eu-central-1")
            .env("AWS_ACCESS_KEY_ID", "ASIAIOSFODNN7EXAMPLE")
            .env("AWS_SECRET_ACCESS_KEY", SECRET)
            .env("AWS_SESSION_TOKEN", TOKEN)
            .env("TRAILKEEPER_TRAILS", aws.protected())
            .env(
                "TRAILKEEPER_TOPIC_ARN",
                "arn:aws:sns:eu-central-1:111122223333:alerts",
            )
            .env("TRAILKEEPER_MODE", "enforce")
            .env("TRAILKEEPER_ROLE_ARN", RESPONDER)
            .env("TRAILKEEPER_INCIDENTS_TABLE", TABLE)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        for (name, value) in settings {
            if value.is_empty() {
                command.env_remove(name);
            } else {
                command.env(name, value);
            }
        }
        let mut process = command.spawn().unwrap_or_else(|e| panic!("{binary}: {e}"));
        let log = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let shared = Arc::clone(&log);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                shared.0.lock().unwrap().push(line);
                shared.1.notify_all();
            }
        });
        Self {
            process,
            invocations,
            outcomes,
            log,
        }
    }

    /// Invokes with a timeout of 30 seconds.
    pub fn invoke(&self, event: &Value) -> Outcome {
        self.invoke_within(event, Duration::from_secs(30))
    }

    /// Invokes; the function is told that it has `deadline`.
    pub fn invoke_within(&self, event: &Value, deadline: Duration) -> Outcome {
        self.invoke_text(event.to_string(), deadline)
    }

    /// Invokes with a payload as it is.
    pub fn invoke_text(&self, event: String, deadline: Duration) -> Outcome {
        self.invoke_as(&new_request_id(), event, deadline)
    }

    /// Invokes under a request id: Lambda's retries of a failed event have the
    /// same, a copy of the event has another.
    pub fn invoke_as(&self, request_id: &str, event: String, deadline: Duration) -> Outcome {
        self.give_out(request_id, event, deadline);
        self.outcome_within(deadline + Duration::from_secs(10))
    }

    /// Invokes and waits for nothing.
    pub fn give_out(&self, request_id: &str, event: String, deadline: Duration) {
        self.invocations
            .send(Invocation {
                event,
                deadline,
                request_id: request_id.to_owned(),
            })
            .unwrap();
    }

    /// Ends the process as Lambda does when the time is over: without a word.
    pub fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// The next thing that the runtime API is told.
    pub fn outcome(&self) -> Outcome {
        self.outcome_within(Duration::from_secs(40))
    }

    fn outcome_within(&self, time: Duration) -> Outcome {
        self.outcomes
            .recv_timeout(time.max(Duration::from_secs(40)))
            .expect("the function said nothing for too long")
    }

    /// How much was logged so far, in bytes.
    pub fn log_size(&self) -> usize {
        self.log
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|line| line.len() + 1)
            .sum()
    }

    /// The processor's time that the process used so far.
    pub fn cpu_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id())).unwrap();
        let (_, fields) = stat.rsplit_once(')').unwrap();
        let ticks = fields.split_whitespace().skip(11).take(2);
        // A tick is 10 ms on every Linux that matters.
        ticks
            .map(|ticks| Duration::from_millis(10 * ticks.parse::<u64>().unwrap()))
            .sum()
    }

    /// The log so far, once a line contains `awaited`.
    pub fn log_with(&self, awaited: &str) -> Vec<String> {
        let (lines, arrived) = &*self.log;
        let lines = lines.lock().unwrap();
        let (lines, late) = arrived
            .wait_timeout_while(lines, Duration::from_secs(5), |lines| {
                !lines.iter().any(|line| line.contains(awaited))
            })
            .unwrap();
        assert!(!late.timed_out(), "no line with {awaited} in {lines:#?}");
        lines.clone()
    }

    /// Waits for the process to end; its exit code.
    pub fn exit_code(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }
}

/// A request id that no other invocation has.
pub fn new_request_id() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("8476a536-e9f4-11e8-9739-{number:012x}")
}

/// The process's peak resident memory, in KiB.
pub fn peak_memory_kib(function: &Function) -> u64 {
    status_kib(function, "VmHWM")
}

/// The process's resident memory now, in KiB.
pub fn memory_kib(function: &Function) -> u64 {
    status_kib(function, "VmRSS")
}

/// How many files and connections the process has open.
pub fn open_files(function: &Function) -> usize {
    let files = std::fs::read_dir(format!("/proc/{}/fd", function.process.id()));
    files.unwrap().count()
}

fn status_kib(function: &Function, name: &str) -> u64 {
    let status = format!("/proc/{}/status", function.process.id());
    let status = std::fs::read_to_string(status).unwrap();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn runtime_api(
    request: &Request,
    waiting: &Mutex<mpsc::Receiver<Invocation>>,
    report: &Mutex<mpsc::Sender<Outcome>>,
) -> Reply {
    let body = || serde_json::from_str(&request.body).unwrap_or(Value::Null);
    let told = |outcome| {
        let _ = report.lock().unwrap().send(outcome);
        Reply::answer(202, "{}")
    };
    if request.path.ends_with("/invocation/next") {
        let Ok(invocation) = waiting.lock().unwrap().recv() else {
            return Reply::Close;
        };
        let deadline = SystemTime::now() + invocation.deadline;
        let deadline = deadline.duration_since(UNIX_EPOCH).unwrap().as_millis();
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        Reply::Answer {
            status: 200,
            headers: vec![
                header("lambda-runtime-aws-request-id", &invocation.request_id),
                header("lambda-runtime-deadline-ms", &deadline.to_string()),
                header(
                    "lambda-runtime-invoked-function-arn",
                    "arn:aws:lambda:eu-central-1:111122223333:function:trailkeeper",
                ),
            ],
            body: invocation.event,
        }
    } else if request.path.ends_with("/response") {
        told(Outcome::Answered(body()))
    } else if request.path.ends_with("/init/error") {
        told(Outcome::InitFailed(body()))
    } else {
        assert!(request.path.ends_with("/error"), "{}", request.path);
        told(Outcome::Failed(body()))
    }
}
