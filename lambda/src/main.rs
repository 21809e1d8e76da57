//! Cold start: logs, configuration, clients; then Lambda's loop.

use std::{env, io::Write, process::ExitCode};

use lambda_runtime::{Diagnostic, LambdaEvent, Runtime, service_fn};
use serde_json::value::RawValue;
use tracing::{error, level_filters::LevelFilter};
use trailkeeper::{
    aws::{Aws, Variable},
    config::{BREAK_GLASS, Config, FUNCTION_NAME, InvalidConfig, required},
    handler::Handler,
    moment::Moment,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    start_logs();
    let handler = match prepare(|name| env::var(name).ok()) {
        Ok(handler) => handler,
        Err(invalid) => {
            error!(error = %invalid, "the configuration cannot be used");
            if let Err(unreported) = report_init_error(&invalid).await {
                error!(error = %unreported, "Lambda was not told");
            }
            return ExitCode::FAILURE;
        }
    };
    let handler = &handler;
    let answer = |event: LambdaEvent<Box<RawValue>>| async move {
        let deadline = event.context.deadline();
        handler
            .handle(event.payload.get(), &event.context.request_id, deadline)
            .await
            .map_err(Diagnostic::from)
    };
    match Runtime::new(service_fn(answer)).run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(stopped) => {
            error!(error = %stopped, "the runtime stopped");
            ExitCode::FAILURE
        }
    }
}

fn prepare(variable: Variable) -> Result<Handler, InvalidConfig> {
    let config = Config::read(variable)?;
    for problem in config.break_glass.problems(Moment::now()) {
        error!(
            variable = BREAK_GLASS,
            problem, "a break-glass entry has no effect"
        );
    }
    let aws = Aws::read(variable)?;
    let name = required(
        variable,
        FUNCTION_NAME,
        "the function's name, set by Lambda",
    )?;
    Ok(Handler::new(config, aws, name, write_line))
}

/// JSON lines on standard output. The level is the one set in Lambda's logging
/// configuration; anything else in its place means INFO.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs-advanced.html>.
fn start_logs() {
    let level = env::var("AWS_LAMBDA_LOG_LEVEL")
        .ok()
        .and_then(|level| match level.as_str() {
            "FATAL" => Some(LevelFilter::ERROR),
            other => other.parse().ok(),
        })
        .unwrap_or(LevelFilter::INFO);
    tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_span_list(false)
        .with_target(false)
        .with_max_level(level)
        .init();
}

/// A line that could not be written to standard output has nowhere else to go.
fn write_line(line: &str) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        error!(%error, "a metric was not written");
    }
}

/// Tells Lambda why the function cannot start.
/// Source: <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html#runtimes-api-initerror>.
async fn report_init_error(invalid: &InvalidConfig) -> Result<(), lambda_runtime::Error> {
    let body = serde_json::json!({
        "errorType": "Terminal.InvalidConfiguration",
        "errorMessage": invalid.to_string(),
    });
    let request = http::Request::post("/2018-06-01/runtime/init/error")
        .header(
            "lambda-runtime-function-error-type",
            "Terminal.InvalidConfiguration",
        )
        .body(lambda_runtime_api_client::body::Body::from(
            body.to_string(),
        ))?;
    let client = lambda_runtime_api_client::PooledClient::builder().build();
    client.call(request).await?;
    Ok(())
}
