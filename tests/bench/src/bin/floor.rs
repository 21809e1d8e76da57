//! The floor: the least that a client can do. It asks the Lambda runtime API for an
//! event, sends the request that starts the trail, answers, and asks again. It reads
//! of an answer where it ends and whether it is good; it does not read the event, and
//! signs nothing: the signature is a constant of a signature's length.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    io::{Read, Write},
    net::TcpStream,
    process::ExitCode,
    sync::Arc,
};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

fn main() -> ExitCode {
    let Err(error) = run();
    let _ = writeln!(std::io::stderr(), "floor: {error}");
    ExitCode::FAILURE
}

fn run() -> Result<std::convert::Infallible> {
    let api = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let endpoint = env::var("AWS_ENDPOINT_URL")?;
    let trail = env::var("FLOOR_TRAIL_ARN")?;
    let start = start_logging(&endpoint, &trail)?;
    let next = format!("GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: {api}\r\n\r\n");
    let mut runtime = plain(&api)?;
    let mut aws: Option<Box<dyn Stream>> = None;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        call(&mut runtime, next.as_bytes(), &mut buffer)?;
        let id = header(&buffer, "lambda-runtime-aws-request-id")
            .ok_or("an event without an id")?
            .to_owned();
        let connection = match &mut aws {
            Some(connection) => connection,
            None => aws.insert(connect(&endpoint)?),
        };
        call(connection, start.as_bytes(), &mut buffer)?;
        let answer = format!(
            "POST /2018-06-01/runtime/invocation/{id}/response HTTP/1.1\r\nhost: {api}\r\ncontent-length: 2\r\n\r\n{{}}"
        );
        call(&mut runtime, answer.as_bytes(), &mut buffer)?;
    }
}

/// The request, as the SDK for Rust would send it.
fn start_logging(endpoint: &str, trail: &str) -> Result<String> {
    let (_, host) = endpoint
        .split_once("://")
        .ok_or("AWS_ENDPOINT_URL is no URL")?;
    let token = env::var("AWS_SESSION_TOKEN")?;
    let body = format!(r#"{{"Name":"{trail}"}}"#);
    let mut request = format!("POST / HTTP/1.1\r\nhost: {host}\r\n");
    let signature = "0".repeat(64);
    for (name, value) in [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amz-target", "CloudTrail_20131101.StartLogging"),
        ("content-length", &body.len().to_string()),
        (
            "user-agent",
            "aws-sdk-rust/1.3.14 os/linux lang/rust/1.95.0",
        ),
        (
            "x-amz-user-agent",
            "aws-sdk-rust/1.3.14 ua/2.1 api/cloudtrail/1.130.0 os/linux lang/rust/1.95.0 m/E",
        ),
        ("x-amz-date", "20261124T050607Z"),
        ("x-amz-security-token", &token),
        (
            "authorization",
            &format!(
                "AWS4-HMAC-SHA256 Credential=ASIAIOSFODNN7EXAMPLE/20261124/eu-central-1/cloudtrail/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target;x-amz-user-agent, Signature={signature}"
            ),
        ),
        ("amz-sdk-request", "attempt=1; max=3"),
        (
            "amz-sdk-invocation-id",
            "5bd0c1f2-6a3e-4c19-9d0b-2f4c8a7be111",
        ),
    ] {
        write!(request, "{name}: {value}\r\n")?;
    }
    write!(request, "\r\n{body}")?;
    Ok(request)
}

fn plain(host: &str) -> Result<TcpStream> {
    let stream = TcpStream::connect(host)?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn connect(endpoint: &str) -> Result<Box<dyn Stream>> {
    let Some(host) = endpoint.strip_prefix("https://") else {
        return Ok(Box::new(plain(endpoint.trim_start_matches("http://"))?));
    };
    let stream = plain(host)?;
    let bundle = fs::read(env::var("AWS_CA_BUNDLE")?)?;
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(&bundle) {
        roots.add(certificate?)?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = host
        .rsplit_once(':')
        .map_or(host, |(name, _)| name)
        .to_owned();
    let session = ClientConnection::new(Arc::new(config), ServerName::try_from(name)?)?;
    Ok(Box::new(StreamOwned::new(session, stream)))
}

/// Sends `request`, and reads the whole answer into `buffer`.
fn call(stream: &mut impl Stream, request: &[u8], buffer: &mut Vec<u8>) -> Result<()> {
    let mut chunk = [0; 8 * 1024];
    stream.write_all(request)?;
    buffer.clear();
    loop {
        let count = stream.read(&mut chunk)?;
        if count == 0 {
            return Err("the connection ended".into());
        }
        buffer.extend(chunk.iter().take(count));
        if let Some(head) = buffer.windows(4).position(|end| end == b"\r\n\r\n") {
            let length: usize = header(buffer, "content-length").unwrap_or("0").parse()?;
            if buffer.len() >= head + 4 + length {
                let is_good = buffer.starts_with(b"HTTP/1.1 20");
                return is_good.then_some(()).ok_or_else(|| "refused".into());
            }
        }
    }
}

fn header<'a>(message: &'a [u8], name: &str) -> Option<&'a str> {
    message.split(|byte| *byte == b'\n').find_map(|line| {
        let (found, value) = str::from_utf8(line).ok()?.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}
