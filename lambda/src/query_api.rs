//! Services that speak AWS query: forms in, XML out.
//! Source: <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>.

use aws_smithy_runtime_api::http::Headers;
use aws_smithy_xml::decode::{Document, ScopedDecoder, try_data};
use form_urlencoded::Serializer;
use serde_json::Value;

use crate::{
    api::{Api, Protocol, Refusal, action},
    aws::{Aws, Service},
    budget::Budget,
    failure::CallError,
    xml,
};

/// A client for a service that speaks AWS query.
pub(crate) struct QueryApi {
    api: Api<Query>,
    version: &'static str,
}

impl QueryApi {
    /// Builds the client for the API as it was at `version`, a date.
    pub(crate) fn new(aws: &Aws, service: Service, region: &str, version: &'static str) -> Self {
        Self {
            api: Api::new(aws, service, region, Query),
            version,
        }
    }

    /// Calls `operation`, `sts:AssumeRole` for instance, within `budget`.
    ///
    /// # Errors
    /// The refusal, or what stood in the way.
    pub(crate) async fn call(
        &self,
        operation: &'static str,
        input: &[(&str, &str)],
        budget: Budget,
    ) -> Result<Xml, CallError> {
        let mut form = Serializer::new(String::new());
        form.append_pair("Action", action(operation))
            .append_pair("Version", self.version)
            .extend_pairs(input);
        self.api.call(operation, form.finish(), budget).await
    }
}

/// The body of an answer.
#[derive(Debug)]
pub(crate) struct Xml(String);

impl Xml {
    /// What is in the root.
    pub(crate) fn content(&self) -> Option<Value> {
        xml::content(&self.0)
    }

    /// The text of the first element at `path`, which begins with the root.
    pub(crate) fn text(&self, path: &[&str]) -> Option<String> {
        text_at(&self.0, path)
    }

    /// The texts of the children with these names, of every element at `path`.
    pub(crate) fn all<const N: usize>(
        &self,
        path: &[&str],
        names: [&str; N],
    ) -> Vec<[Option<String>; N]> {
        let mut found = Vec::new();
        let mut document = Document::new(&self.0);
        if let (Some((root, path)), Ok(mut element)) = (path.split_first(), document.root_element())
            && element.start_el().local() == *root
        {
            all_below(&mut element, path, names, &mut found);
        }
        found
    }
}

#[derive(Clone, Debug)]
struct Query;

impl Protocol for Query {
    type Answer = Xml;

    fn address(&self, _: &str, headers: &mut Headers) {
        headers.insert("content-type", "application/x-www-form-urlencoded");
    }

    fn answer(&self, body: &[u8]) -> Option<Xml> {
        let body = str::from_utf8(body).ok()?;
        let mut document = Document::new(body);
        let root = document.root_element().ok()?;
        // A page of somebody on the way may well be XML.
        let is_answer = root.start_el().local().ends_with("Response");
        is_answer.then(|| Xml(body.to_owned()))
    }

    fn refusal(&self, _: &Headers, body: &[u8]) -> Refusal {
        let body = str::from_utf8(body).unwrap_or_default();
        let said = |what| text_at(body, &["ErrorResponse", "Error", what]);
        Refusal::new(said("Code").as_deref(), said("Message").as_deref())
    }
}

fn text_at(xml: &str, path: &[&str]) -> Option<String> {
    let (root, path) = path.split_first()?;
    let mut document = Document::new(xml);
    let mut found = document.root_element().ok()?;
    let is_root = found.start_el().local() == *root;
    is_root.then(|| text_below(&mut found, path))?
}

fn text_below(element: &mut ScopedDecoder<'_, '_>, path: &[&str]) -> Option<String> {
    let Some((name, path)) = path.split_first() else {
        return try_data(element).ok().map(String::from);
    };
    while let Some(mut child) = element.next_tag() {
        if child.start_el().local() == *name {
            return text_below(&mut child, path);
        }
    }
    None
}

fn all_below<const N: usize>(
    element: &mut ScopedDecoder<'_, '_>,
    path: &[&str],
    names: [&str; N],
    found: &mut Vec<[Option<String>; N]>,
) {
    if let Some((name, path)) = path.split_first() {
        while let Some(mut child) = element.next_tag() {
            if child.start_el().local() == *name {
                all_below(&mut child, path, names, found);
            }
        }
        return;
    }
    let mut texts = [const { None }; N];
    while let Some(mut child) = element.next_tag() {
        let is_it = |name: &&str| child.start_el().local() == *name;
        let at = names.iter().position(is_it);
        if let Some(text) = at.and_then(|at| texts.get_mut(at)) {
            *text = try_data(&mut child).ok().map(String::from);
        }
    }
    found.push(texts);
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::error::metadata::ProvideErrorMetadata;

    use super::*;

    #[test]
    fn texts_are_found_by_their_path_alone() {
        let body = r#"<?xml version="1.0"?>
            <AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
              <Decoy><SecretAccessKey>no</SecretAccessKey></Decoy>
              <AssumeRoleResult>
                <Credentials><Token/><SecretAccessKey>a&amp;b/&#x2B;</SecretAccessKey></Credentials>
              </AssumeRoleResult>
            </AssumeRoleResponse>"#;
        let answer = Query.answer(body.as_bytes()).unwrap();
        let result = ["AssumeRoleResponse", "AssumeRoleResult", "Credentials"];
        let found = |name| answer.text(&[&result[..], &[name]].concat());
        assert_eq!(found("SecretAccessKey").as_deref(), Some("a&b/+"));
        assert_eq!(found("Token").as_deref(), Some(""));
        assert_eq!(found("AccessKeyId"), None);
        assert_eq!(answer.text(&["Other", "AssumeRoleResult"]), None);
    }

    #[test]
    fn a_list_is_read_element_by_element() {
        let body = "<R><Other><member><Id>no</Id></member></Other><Keys>\
            <member><Id>a</Id><State>on</State><State2>x</State2></member>\
            <member><State/><Extra><Id>no</Id></Extra></member><note><Id>no</Id></note>\
            </Keys></R>";
        let list = Xml(body.to_owned()).all(&["R", "Keys", "member"], ["Id", "State"]);
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(list, [[text("a"), text("on")], [None, text("")]]);
        assert!(Xml(body.to_owned()).all(&["X", "Keys"], ["Id"]).is_empty());
        assert!(Xml("<R".to_owned()).all(&["R"], ["Id"]).is_empty());
    }

    #[test]
    fn a_refusal_has_a_code_and_what_is_no_services_answer_has_none() {
        let body = "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code>\
            <Message>not &lt;you&gt;</Message></Error><RequestId>1</RequestId></ErrorResponse>";
        let refusal = Query.refusal(&Headers::new(), body.as_bytes());
        assert_eq!(refusal.code(), Some("AccessDenied"));
        assert_eq!(refusal.message(), Some("not <you>"));
        let pages: [&[u8]; 5] = [
            b"",
            b"<html><p>busy",
            b"{}",
            b"\xff",
            b"<Error><Code>X</Code></Error>",
        ];
        for page in pages {
            let refusal = Query.refusal(&Headers::new(), page);
            assert_eq!(refusal.code(), None, "{page:?}");
            assert!(Query.answer(page).is_none(), "{page:?}");
        }
    }
}
