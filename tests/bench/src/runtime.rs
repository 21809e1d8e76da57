//! The Lambda runtime API, for one process at a time.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>.

use std::{
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use crate::{
    Result,
    aws::{ACCOUNT, REGION},
    server::{Answer, Reply, Request, serve},
};

/// What an invocation is told to have.
pub const TIMEOUT: Duration = Duration::from_mins(1);

/// What the process told.
#[derive(Debug)]
pub enum Told {
    /// It asks for an event.
    Waits,
    /// It got one.
    Given(Instant),
    /// It answered.
    Answered(Instant, String),
    /// It failed, or could not start.
    Failed(String),
}

#[derive(Default)]
struct State {
    event: Option<String>,
    number: u64,
    /// Which process is served; requests of those before it are closed.
    process: u64,
    told: Option<Sender<Told>>,
}

/// The runtime API.
pub struct Runtime {
    /// Its port on loopback.
    pub port: u16,
    shared: Arc<(Mutex<State>, Condvar)>,
}

impl Runtime {
    /// Starts to serve.
    ///
    /// # Errors
    /// If no port is free.
    pub fn start() -> Result<Self> {
        let shared = Arc::<(Mutex<State>, Condvar)>::default();
        let state = Arc::clone(&shared);
        let port = serve(
            None,
            &(Arc::new(move |request| answer(&state, &request)) as Arc<Answer>),
        )?;
        Ok(Self { port, shared })
    }

    /// Serves another process from now on; returns what it will tell.
    #[must_use]
    pub fn next_process(&self) -> Receiver<Told> {
        let (told, heard) = channel();
        let mut state = lock(&self.shared.0);
        state.process += 1;
        state.event = None;
        state.told = Some(told);
        self.shared.1.notify_all();
        heard
    }

    /// Gives the process this event when it asks.
    pub fn give(&self, event: String) {
        lock(&self.shared.0).event = Some(event);
        self.shared.1.notify_all();
    }
}

/// A thread that panicked has left the state whole.
fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

fn answer(shared: &(Mutex<State>, Condvar), request: &Request) -> Option<Reply> {
    let body = || String::from_utf8_lossy(&request.body).into_owned();
    let tell = |state: &State, told: Told| {
        // Nobody listens to a process that is being ended.
        let _ = state.told.as_ref().map(|to| to.send(told));
    };
    let mut state = lock(&shared.0);
    if request.path.ends_with("/invocation/next") {
        let process = state.process;
        tell(&state, Told::Waits);
        let waiting = shared.1.wait_while(state, |state| {
            state.process == process && state.event.is_none()
        });
        state = waiting.unwrap_or_else(PoisonError::into_inner);
        if state.process != process {
            return None;
        }
        let event = state.event.take()?;
        state.number += 1;
        let headers = headers(state.number);
        tell(&state, Told::Given(Instant::now()));
        Some(Reply {
            status: 200,
            headers,
            body: event,
        })
    } else {
        let told = if request.path.ends_with("/response") {
            Told::Answered(request.seen_at, body())
        } else {
            Told::Failed(body())
        };
        tell(&state, told);
        Some(Reply::new(202, r#"{"status":"OK"}"#))
    }
}

fn headers(number: u64) -> String {
    let deadline = SystemTime::now() + TIMEOUT;
    let deadline = deadline.duration_since(UNIX_EPOCH).unwrap_or_default();
    format!(
        "content-type: application/json\r\n\
         lambda-runtime-aws-request-id: 8476a536-e9f4-11e8-9739-{number:012x}\r\n\
         lambda-runtime-deadline-ms: {}\r\n\
         lambda-runtime-invoked-function-arn: arn:aws:lambda:{REGION}:{ACCOUNT}:function:bench\r\n",
        deadline.as_millis()
    )
}
