//! A small HTTP/1.1 server, plain or over TLS. It says when a request arrived.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Instant,
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::{Result, tls::HOST};

/// Connections that are served at a time. Their threads wait from the beginning, so
/// that nobody's first call waits for a thread.
const THREADS: usize = 64;

/// A request.
#[derive(Debug)]
pub struct Request {
    /// Path and query.
    pub path: String,
    /// The operation, from `X-Amz-Target`; empty if there is none.
    pub target: String,
    /// The body.
    pub body: Vec<u8>,
    /// When the last byte of the head arrived.
    pub seen_at: Instant,
}

/// What goes back.
#[derive(Debug)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Further headers, each with its line's end.
    pub headers: String,
    /// The body.
    pub body: String,
}

impl Reply {
    /// An answer without further headers.
    pub fn new(status: u16, body: impl Into<String>) -> Self {
        Self {
            status,
            headers: String::new(),
            body: body.into(),
        }
    }
}

/// Answers a request; `None` closes the connection.
pub type Answer = dyn Fn(Request) -> Option<Reply> + Send + Sync;

/// Serves on a free loopback port until the process ends; returns the port.
///
/// # Errors
/// If no port is free.
pub fn serve(tls: Option<&Arc<ServerConfig>>, answer: &Arc<Answer>) -> Result<u16> {
    let listener = Arc::new(TcpListener::bind((HOST, 0))?);
    let port = listener.local_addr()?.port();
    for _ in 0..THREADS {
        let (listener, answer, tls) = (Arc::clone(&listener), Arc::clone(answer), tls.cloned());
        thread::spawn(move || {
            loop {
                // A client that goes away is no failure: all are killed in the end.
                if let Ok((stream, _)) = listener.accept() {
                    let _ = connection(stream, tls.as_ref(), &*answer);
                }
            }
        });
    }
    Ok(port)
}

fn connection(
    stream: TcpStream,
    tls: Option<&Arc<ServerConfig>>,
    answer: &Answer,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    match tls {
        None => talk(stream, answer),
        Some(config) => {
            let session =
                ServerConnection::new(Arc::clone(config)).map_err(std::io::Error::other)?;
            talk(StreamOwned::new(session, stream), answer)
        }
    }
}

fn talk(mut stream: impl Read + Write, answer: &Answer) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer)? {
        let Some(reply) = answer(request) else { break };
        let message = format!(
            "HTTP/1.1 {} Mock\r\ncontent-length: {}\r\n{}\r\n{}",
            reply.status,
            reply.body.len(),
            reply.headers,
            reply.body
        );
        stream.write_all(message.as_bytes())?;
        stream.flush()?;
    }
    Ok(())
}

fn read(stream: &mut impl Read, buffer: &mut Vec<u8>) -> std::io::Result<Option<Request>> {
    loop {
        let seen_at = Instant::now();
        if let Some((mut request, head, length)) = parse(buffer, seen_at)? {
            while buffer.len() < head + length {
                if !more(stream, buffer)? {
                    return Ok(None);
                }
            }
            request.body = buffer.drain(..head + length).skip(head).collect();
            return Ok(Some(request));
        }
        if !more(stream, buffer)? {
            return Ok(None);
        }
    }
}

/// Reads what is there; `false` at the end.
fn more(stream: &mut impl Read, buffer: &mut Vec<u8>) -> std::io::Result<bool> {
    let mut chunk = [0; 16 * 1024];
    let count = stream.read(&mut chunk)?;
    buffer.extend(chunk.iter().take(count));
    Ok(count > 0)
}

/// The request whose head is in `buffer`, the head's length, the body's length.
fn parse(buffer: &[u8], seen_at: Instant) -> std::io::Result<Option<(Request, usize, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    let status = parsed.parse(buffer).map_err(std::io::Error::other)?;
    let httparse::Status::Complete(head) = status else {
        return Ok(None);
    };
    let header = |name: &str| {
        let found = parsed
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name));
        found.map_or("", |h| str::from_utf8(h.value).unwrap_or_default())
    };
    let target = header("x-amz-target");
    let request = Request {
        path: parsed.path.unwrap_or_default().to_owned(),
        target: target.rsplit('.').next().unwrap_or_default().to_owned(),
        body: Vec::new(),
        seen_at,
    };
    let length = header("content-length").parse().unwrap_or_default();
    Ok(Some((request, head, length)))
}
