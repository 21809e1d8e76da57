//! A small HTTP/1.1 server for tests: one thread a connection, and replies that
//! may break the protocol on purpose.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::Duration,
};

/// A request as it came over the wire.
#[derive(Clone, Debug)]
pub struct Request {
    pub method: String,
    pub path: String,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

/// What goes back.
#[derive(Clone, Debug)]
pub enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: String,
    },
    /// It comes after a while.
    Late(Duration, Box<Self>),
    /// The connection is reset.
    Reset,
    /// Nothing comes for longer than anybody waits.
    Hang,
    /// Half of the announced body, then the end.
    Truncated,
    /// An answer whose every byte takes this long.
    Drip(Duration, String),
    /// Bytes that are no HTTP.
    Garbage,
    /// The connection ends without an answer.
    Close,
}

impl Reply {
    pub fn answer(status: u16, body: impl Into<String>) -> Self {
        Self::Answer {
            status,
            headers: Vec::new(),
            body: body.into(),
        }
    }
}

/// Serves on a free loopback port until the process ends; returns the port.
pub fn serve(answer: impl Fn(Request) -> Reply + Send + Sync + 'static) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || connection(stream.unwrap(), &*answer));
        }
    });
    port
}

fn connection(mut stream: TcpStream, answer: &dyn Fn(Request) -> Reply) {
    stream.set_nodelay(true).unwrap();
    let mut buffer = Vec::new();
    while let Some(request) = read(&mut stream, &mut buffer) {
        let mut reply = answer(request);
        while let Reply::Late(time, late) = reply {
            thread::sleep(time);
            reply = *late;
        }
        let sent = match reply {
            Reply::Answer {
                status,
                headers,
                body,
            } => {
                let mut head = format!(
                    "HTTP/1.1 {status} Test\r\ncontent-length: {}\r\n",
                    body.len()
                );
                for (name, value) in headers {
                    head.extend([&name, ": ", &value, "\r\n"]);
                }
                stream.write_all(format!("{head}\r\n{body}").as_bytes())
            }
            Reply::Reset => {
                socket2::SockRef::from(&stream)
                    .set_linger(Some(Duration::ZERO))
                    .unwrap();
                return;
            }
            Reply::Hang => {
                thread::sleep(Duration::from_mins(1));
                return;
            }
            Reply::Truncated => {
                let _ = stream.write_all(
                    b"HTTP/1.1 200 OK\r\ncontent-length: 90\r\n\r\n{\"IsLogging\":true,",
                );
                return;
            }
            Reply::Drip(pause, body) => {
                let head = format!(
                    "HTTP/1.1 200 Test\r\ncontent-length: {}\r\n\r\n",
                    body.len()
                );
                let mut sent = stream.write_all(head.as_bytes());
                for byte in body.bytes() {
                    thread::sleep(pause);
                    sent = sent.and_then(|()| stream.write_all(&[byte]));
                }
                sent
            }
            Reply::Garbage => {
                let _ = stream.write_all(b"\x16\x03\x01 this is no http \r\n\r\n");
                return;
            }
            Reply::Close | Reply::Late(..) => return,
        };
        if sent.is_err() {
            return;
        }
    }
}

fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Request> {
    let mut chunk = [0; 16384];
    loop {
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut parsed = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(head)) = parsed.parse(buffer) {
            let method = parsed.method.unwrap().to_owned();
            let path = parsed.path.unwrap().to_owned();
            let headers: Vec<(String, String)> = parsed
                .headers
                .iter()
                .map(|h| {
                    (
                        h.name.to_ascii_lowercase(),
                        String::from_utf8_lossy(h.value).into_owned(),
                    )
                })
                .collect();
            let length: usize = headers
                .iter()
                .find(|(name, _)| name == "content-length")
                .map_or(0, |(_, value)| value.parse().unwrap());
            while buffer.len() < head + length {
                match stream.read(&mut chunk) {
                    Ok(0) | Err(_) => return None,
                    Ok(n) => buffer.extend_from_slice(&chunk[..n]),
                }
            }
            let body = String::from_utf8_lossy(&buffer[head..head + length]).into_owned();
            buffer.drain(..head + length);
            return Some(Request {
                method,
                path,
                headers,
                body,
            });
        }
        match stream.read(&mut chunk) {
            Ok(0) | Err(_) => return None,
            Ok(n) => buffer.extend_from_slice(&chunk[..n]),
        }
    }
}
