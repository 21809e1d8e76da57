//! What must be so before the attack. Nothing is changed here, but for a
//! StartLogging of a trail that logs: it shows that the drill may do it later.

use aws_config::SdkConfig;
use thiserror::Error;

use crate::{
    api::TrailApi,
    arn::TrailArn,
    attack::{Attack, NotPossible},
    aws,
    call::Call,
    error::CallError,
    state::Reading,
};

/// Why there is no drill.
#[derive(Debug, Error)]
pub enum Unfit {
    /// A call failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// The credentials are of another account.
    #[error("{caller} is of account {found}, the trail of {wanted}")]
    OtherAccount {
        /// Who calls.
        caller: String,
        /// Of which account.
        found: String,
        /// The trail's.
        wanted: String,
    },
    /// There is no such trail.
    #[error("there is no trail {0}")]
    NoTrail(String),
    /// Another region may change it.
    #[error("the trail's home region is {0}, not that of the ARN")]
    OtherRegion(String),
    /// The trail is off already.
    #[error("{0} does not log. That is no drill")]
    Off(String),
    /// The attack would change nothing.
    #[error("{0}")]
    NotPossible(#[from] NotPossible),
}

impl Unfit {
    /// What to do about it.
    #[must_use]
    pub fn next_step(&self) -> String {
        match self {
            Self::Call(error) => error.next_step(),
            Self::OtherAccount { wanted, .. } => {
                format!(
                    "Take credentials of account {wanted}: AWS_PROFILE, or assume a role there."
                )
            }
            Self::NoTrail(_) | Self::OtherRegion(_) => {
                "Take the ARN from `aws cloudtrail describe-trails --query 'trailList[].TrailARN'`."
                    .to_owned()
            }
            Self::Off(arn) => format!(
                "Start it (`aws cloudtrail start-logging --name {arn}`), then find out why nobody else \
                 did: docs/operations.md."
            ),
            Self::NotPossible(_) => "Choose another attack: --attack, see --help.".to_owned(),
        }
    }
}

/// Who calls, if that is the trail's account.
///
/// # Errors
/// Nobody, or somebody of another account.
pub async fn caller(settings: &SdkConfig, trail: &TrailArn) -> Result<String, Unfit> {
    let (caller, found) = aws::caller(settings).await?;
    if found == trail.account() {
        return Ok(caller);
    }
    Err(Unfit::OtherAccount {
        caller,
        found,
        wanted: trail.account().to_owned(),
    })
}

/// The trail as it is now, and the attacking call.
///
/// # Errors
/// If the trail cannot be read, does not log, or could not be put back.
pub async fn examine(
    api: &impl TrailApi,
    trail: &TrailArn,
    attack: Attack,
) -> Result<(Reading, Call), Unfit> {
    let saved = api.read(attack.saved()).await?;
    if saved.is_missing {
        return Err(Unfit::NoTrail(trail.to_string()));
    }
    if let Some(home) = saved
        .home_region
        .as_deref()
        .filter(|home| *home != trail.region())
    {
        return Err(Unfit::OtherRegion(home.to_owned()));
    }
    if !saved.logging.is_some_and(|logging| logging.is_on) {
        return Err(Unfit::Off(trail.to_string()));
    }
    let call = attack.call(&saved)?;
    if attack == Attack::Stop {
        api.restore(&Call::Start).await?;
    }
    Ok((saved, call))
}
