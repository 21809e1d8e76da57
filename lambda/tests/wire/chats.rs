//! The chats: told last, in their own schema, and on their own account.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    answered, attack,
    aws::{Aws, Disturbance, PUBLISH, refused_by_sns},
    failure,
    lambda::Function,
    recorded, stop,
};

const TOPIC: &str = "arn:aws:sns:eu-central-1:111122223333:alerts";
pub const VARIABLE: &str = "TRAILKEEPER_CHAT_TOPIC_ARN";
pub const CHAT: &str = "arn:aws:sns:eu-central-1:111122223333:trailkeeper-chat";

fn chatting(aws: &Aws) -> Function {
    Function::start(aws, &[(VARIABLE, CHAT)])
}

/// Refuses whatever is published to `topic`, from now on.
fn refuse(aws: &Aws, topic: &'static str) {
    let name = topic.rsplit(':').next().unwrap();
    aws.state().disturb = Some(Box::new(move |operation, body| {
        let is_meant = operation == PUBLISH && body.contains(name);
        is_meant.then(|| Disturbance::Instead(refused_by_sns(403, "AuthorizationError")))
    }));
}

#[test]
fn chats_get_a_message_that_amazon_q_understands_after_everybody_else() {
    let (aws, _) = crate::healthy();
    let function = chatting(&aws);
    answered(function.invoke(&attack::again(&recorded("hostile-everywhere"))));
    assert_eq!(aws.topics(), [TOPIC, CHAT]);
    let form = aws.last_publish();
    assert!(!form.contains_key("MessageStructure"), "{form:?}");
    let message: Value = serde_json::from_str(&form["Message"]).unwrap();
    assert_eq!(message["version"], "1.0");
    assert_eq!(message["source"], "custom");
    assert_eq!(message["content"]["textType"], "client-markdown");
    assert_eq!(message["metadata"]["eventType"], "trailkeeper.restored");
}

#[test]
fn without_chats_nobody_else_is_told() {
    let (aws, function) = crate::healthy();
    answered(function.invoke(&stop()));
    assert_eq!(aws.topics(), [TOPIC]);
}

#[test]
fn a_retry_for_the_chats_sake_tells_nobody_else_again() {
    let (aws, _) = crate::healthy();
    let function = chatting(&aws);
    refuse(&aws, CHAT);
    let event = stop();
    let request = "the-same-request";
    let within = Duration::from_secs(5);
    let (kind, message) = failure(function.invoke_as(request, event.to_string(), within));
    assert_eq!(kind, "Terminal.NoticeNotSent", "{message}");
    assert_eq!(aws.topics(), [TOPIC, CHAT]);

    aws.state().disturb = None;
    answered(function.invoke_as(request, event.to_string(), within));
    assert_eq!(aws.topics(), [TOPIC, CHAT, CHAT]);
    answered(function.invoke_as(request, event.to_string(), within));
    assert_eq!(aws.topics().len(), 3, "both were told");
}

#[test]
fn chats_are_told_though_nobody_else_could_be() {
    let (aws, _) = crate::healthy();
    let function = chatting(&aws);
    refuse(&aws, TOPIC);
    failure(function.invoke_within(&stop(), Duration::from_secs(5)));
    assert_eq!(aws.topics(), [TOPIC, CHAT]);
    let last: Value = serde_json::from_str(&aws.last_publish()["Message"]).unwrap();
    assert_eq!(last["source"], json!("custom"));
}
