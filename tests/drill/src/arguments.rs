//! The command line.

use std::{path::PathBuf, time::Duration};

use clap::{Parser, error::ErrorKind};

use crate::{
    arn::{TopicArn, TrailArn},
    attack::Attack,
};

/// Rehearse an attack on a guarded CloudTrail trail, and measure the recovery.
///
/// Region comes from the trail's ARN; credentials, profile and endpoint from where every
/// AWS client takes them. Exit code: 0 passed; 1 failed against the budget, the trail is as
/// before; 2 could not run, the trail is as before; 3 the trail may be left weakened, and
/// the command that puts it back was printed.
#[derive(Clone, Debug, Parser)]
#[command(name = "trailkeeper-drill", version)]
pub struct Arguments {
    /// The trail to attack: arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME
    #[arg(long, value_name = "ARN")]
    pub trail: TrailArn,

    /// Topic of the notices: follow the notice too, through a queue for the time of the drill
    #[arg(long, value_name = "ARN")]
    pub topic: Option<TopicArn>,

    /// What to do to the trail
    #[arg(long, value_enum, default_value = "stop")]
    pub attack: Attack,

    /// Seconds from the attack until the trail and the notice must be there
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = seconds)]
    pub budget: Duration,

    /// Seconds that the drill tries to put the trail back itself, before it gives up
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = seconds)]
    pub restore_limit: Duration,

    /// Folder for report.json, report.html and restore.sh
    #[arg(long, value_name = "DIR", default_value = "target/drill")]
    pub out: PathBuf,

    /// Do not ask before the attack
    #[arg(long)]
    pub yes: bool,

    /// Allow --attack delete: what CloudTrail does not tell of a trail would be lost with it
    #[arg(long)]
    pub really_delete: bool,
}

impl Arguments {
    /// Reads the command line.
    ///
    /// # Errors
    /// Help, version, or what is wrong; clap words it and knows the exit code.
    pub fn read(words: impl IntoIterator<Item = std::ffi::OsString>) -> Result<Self, clap::Error> {
        use clap::CommandFactory;
        let arguments = Self::try_parse_from(words)?;
        if arguments.attack == Attack::Delete && !arguments.really_delete {
            return Err(Self::command().error(
                ErrorKind::MissingRequiredArgument,
                "--attack delete deletes the trail. If that is meant, add --really-delete",
            ));
        }
        Ok(arguments)
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    match text.parse::<u64>() {
        Ok(seconds @ 1..=86_400) => Ok(Duration::from_secs(seconds)),
        _ => Err("give whole seconds, 1 to 86400".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/audit";

    fn read(words: &[&str]) -> Result<Arguments, clap::Error> {
        Arguments::read(
            std::iter::once("trailkeeper-drill")
                .chain(words.iter().copied())
                .map(Into::into),
        )
    }

    #[test]
    fn a_trail_is_enough() {
        let arguments = read(&["--trail", TRAIL]).unwrap();
        assert_eq!(arguments.attack, Attack::Stop);
        assert_eq!(arguments.budget, Duration::from_mins(2));
        assert!(arguments.topic.is_none() && !arguments.yes);
    }

    #[test]
    fn what_is_refused() {
        for words in [
            &[] as &[&str],
            &["--trail", "audit"],
            &["--trail", TRAIL, "--budget", "0"],
            &["--trail", TRAIL, "--budget", "2m"],
            &["--trail", TRAIL, "--topic", TRAIL],
            &["--trail", TRAIL, "--attack", "everything"],
            &["--trail", TRAIL, "--attack", "delete", "--yes"],
        ] {
            assert_eq!(read(words).unwrap_err().exit_code(), 2, "{words:?}");
        }
    }

    #[test]
    fn a_deletion_has_to_be_meant() {
        let words = ["--trail", TRAIL, "--attack", "delete", "--really-delete"];
        assert_eq!(read(&words).unwrap().attack, Attack::Delete);
    }
}
