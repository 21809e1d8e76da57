//! The connections to AWS: HTTP/1.1, over TLS unless an endpoint says `http://`.
//!
//! The SDK's own transport brings HTTP/2 and proxies. Neither is of use here, and
//! both would be in the package.

use std::{
    error::Error,
    fmt,
    pin::Pin,
    sync::{
        Arc, Mutex, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use aws_smithy_runtime_api::{
    box_error::BoxError,
    client::{
        connection::{CaptureSmithyConnection, ConnectionMetadata},
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    shared::IntoShared,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use http::{
    HeaderValue, Request, Uri,
    header::HOST,
    uri::{Authority, PathAndQuery, Scheme},
};
use hyper::{
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    client::conn::http1::{Builder, SendRequest},
    rt::{Read, Write},
};
use hyper_util::{client::legacy::connect::HttpConnector as TcpConnector, rt::TokioIo};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use rustls_pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio::{task, time::timeout};
use tokio_rustls::TlsConnector;
use tower_service::Service;

/// The roots behind every public AWS endpoint of the `aws` and `aws-us-gov`
/// partitions. Reading all of a machine's roots takes longer than everything
/// else at start-up together.
/// Source: <https://www.amazontrust.com/repository/>.
const AMAZON_ROOTS: &[u8] = include_bytes!("../roots/amazon-trust-services.pem");

/// A connection has to stand after this.
pub(crate) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);
/// An idle connection is not used again after this; AWS closes them about as soon.
const IDLE: Duration = Duration::from_secs(90);
/// What a connection reads ahead at most, in bytes, and keeps while it is idle. A head
/// must fit in; a body comes in as many parts as it takes.
const BUFFER: usize = 32_768;

/// Whose certificates are believed.
#[derive(Clone, Debug)]
pub(crate) enum Trust {
    /// Amazon's.
    Amazon,
    /// Those that these have signed.
    Bundle(Vec<CertificateDer<'static>>),
    /// Those that the machine believes.
    Machine,
}

/// What all clients send their requests through.
#[derive(Clone)]
pub(crate) struct Transport {
    shared: Arc<Shared>,
}

struct Shared {
    trust: Trust,
    /// Made when it is needed: reading certificates takes time.
    tls: OnceLock<Result<Arc<ClientConfig>, rustls::Error>>,
    idle: Mutex<Vec<Connection>>,
}

/// Where a connection leads.
#[derive(Clone, PartialEq, Eq)]
struct Origin {
    scheme: Scheme,
    authority: Authority,
}

struct Connection {
    origin: Origin,
    sender: SendRequest<SdkBody>,
    is_poisoned: Arc<AtomicBool>,
    since: Instant,
}

impl Transport {
    /// A transport without a connection yet.
    pub(crate) fn new(trust: Trust) -> Self {
        let shared = Shared {
            trust,
            tls: OnceLock::new(),
            idle: Mutex::new(Vec::new()),
        };
        Self {
            shared: Arc::new(shared),
        }
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transport")
    }
}

impl HttpClient for Transport {
    /// The timeout for connecting is always the same, so the settings are not asked.
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        self.clone().into_shared()
    }
}

impl HttpConnector for Transport {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let shared = Arc::clone(&self.shared);
        HttpConnectorFuture::new(async move {
            let request = request.try_into_http1x();
            let request = request.map_err(|error| ConnectorError::user(error.into()))?;
            send(shared, request).await
        })
    }
}

async fn send(
    shared: Arc<Shared>,
    mut request: Request<SdkBody>,
) -> Result<HttpResponse, ConnectorError> {
    let origin = address(&mut request).map_err(ConnectorError::user)?;
    let capture = request.extensions().get::<CaptureSmithyConnection>();
    let capture = capture.cloned();
    loop {
        let idle = shared.idle_for(&origin);
        let is_used = idle.is_some();
        let mut connection = match idle {
            Some(connection) => connection,
            None => shared.connect(origin.clone()).await?,
        };
        if is_used && connection.sender.ready().await.is_err() {
            continue;
        }
        if let Some(capture) = &capture {
            let is_poisoned = Arc::clone(&connection.is_poisoned);
            capture.set_connection_retriever(move || Some(metadata(&is_poisoned)));
        }
        match connection.sender.try_send_request(request).await {
            Ok(answer) => {
                let (head, body) = answer.into_parts();
                let body = Answer {
                    body,
                    lent: Some((connection, Arc::clone(&shared))),
                };
                let answer = http::Response::from_parts(head, SdkBody::from_body_1_x(body));
                return HttpResponse::try_from(answer)
                    .map_err(|error| ConnectorError::other(error.into(), None));
            }
            Err(mut error) => match error.take_message() {
                // The other side had closed the connection, and has seen nothing.
                Some(unsent) if is_used => request = unsent,
                _ => return Err(failed(error.into_error())),
            },
        }
    }
}

/// Takes the origin out of a request and names it in a header instead, which the
/// signature already covers.
fn address(request: &mut Request<SdkBody>) -> Result<Origin, BoxError> {
    let mut uri = std::mem::take(request.uri_mut()).into_parts();
    let (Some(scheme), Some(authority)) = (uri.scheme.take(), uri.authority.take()) else {
        return Err("the endpoint is not a whole URL".into());
    };
    let default = if scheme == Scheme::HTTPS { 443 } else { 80 };
    let host = match authority.port_u16() {
        Some(port) if port != default => HeaderValue::from_str(authority.as_str())?,
        _ => HeaderValue::from_str(authority.host())?,
    };
    request.headers_mut().insert(HOST, host);
    let path = uri.path_and_query;
    *request.uri_mut() = path.unwrap_or(PathAndQuery::from_static("/")).into();
    Ok(Origin { scheme, authority })
}

impl Shared {
    fn idle_for(&self, origin: &Origin) -> Option<Connection> {
        let mut idle = self.idle.lock().ok()?;
        idle.retain(Connection::is_usable);
        let found = idle.iter().rposition(|known| known.origin == *origin)?;
        Some(idle.swap_remove(found))
    }

    async fn connect(&self, origin: Origin) -> Result<Connection, ConnectorError> {
        match timeout(CONNECT_TIMEOUT, self.open(origin)).await {
            Ok(connected) => connected.map_err(ConnectorError::io),
            Err(_) => Err(ConnectorError::timeout(
                format!("no connection within {} ms", CONNECT_TIMEOUT.as_millis()).into(),
            )),
        }
    }

    async fn open(&self, origin: Origin) -> Result<Connection, BoxError> {
        let mut connector = TcpConnector::new();
        connector.set_nodelay(true);
        connector.enforce_http(false);
        let uri = Uri::builder()
            .scheme(origin.scheme.clone())
            .authority(origin.authority.clone())
            .path_and_query("/");
        let stream = connector.call(uri.build()?).await?;
        let stream: Box<dyn Stream> = if origin.scheme == Scheme::HTTPS {
            let host = origin.authority.host();
            let host = host.trim_start_matches('[').trim_end_matches(']');
            let name = ServerName::try_from(host.to_owned())?;
            let tls = TlsConnector::from(self.tls()?);
            Box::new(TokioIo::new(tls.connect(name, stream.into_inner()).await?))
        } else {
            Box::new(stream)
        };
        let mut http = Builder::new();
        let (sender, connection) = http.max_buf_size(BUFFER).handshake(stream).await?;
        task::spawn(async move {
            // What goes wrong is told to whoever waits for an answer.
            let _ = connection.await;
        });
        Ok(Connection {
            origin,
            sender,
            is_poisoned: Arc::default(),
            since: Instant::now(),
        })
    }

    fn tls(&self) -> Result<Arc<ClientConfig>, BoxError> {
        let made = self.tls.get_or_init(|| {
            let mut roots = RootCertStore::empty();
            let trusted = match &self.trust {
                Trust::Amazon => CertificateDer::pem_slice_iter(AMAZON_ROOTS)
                    .filter_map(Result::ok)
                    .collect(),
                Trust::Bundle(certificates) => certificates.clone(),
                Trust::Machine => rustls_native_certs::load_native_certs().certs,
            };
            roots.add_parsable_certificates(trusted);
            let provider = Arc::new(ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider);
            let builder = builder.with_safe_default_protocol_versions()?;
            let mut config = builder.with_root_certificates(roots).with_no_client_auth();
            config.alpn_protocols = vec![b"http/1.1".to_vec()];
            Ok(Arc::new(config))
        });
        made.clone().map_err(Into::into)
    }
}

impl Connection {
    fn is_usable(&self) -> bool {
        !self.sender.is_closed()
            && !self.is_poisoned.load(Ordering::Relaxed)
            && self.since.elapsed() < IDLE
    }
}

/// What the SDK closes a connection with that it does not like any more.
fn metadata(is_poisoned: &Arc<AtomicBool>) -> ConnectionMetadata {
    let is_poisoned = Arc::clone(is_poisoned);
    ConnectionMetadata::builder()
        .proxied(false)
        .poison_fn(move || is_poisoned.store(true, Ordering::Relaxed))
        .build()
}

fn failed(error: hyper::Error) -> ConnectorError {
    let is_io = error
        .source()
        .is_some_and(<dyn Error>::is::<std::io::Error>);
    if error.is_timeout() {
        ConnectorError::timeout(error.into())
    } else if error.is_user() {
        ConnectorError::user(error.into())
    } else if is_io || error.is_closed() || error.is_canceled() {
        ConnectorError::io(error.into())
    } else {
        let kind = error.is_incomplete_message();
        let kind = kind.then_some(ErrorKind::TransientError);
        ConnectorError::other(error.into(), kind)
    }
}

/// Bytes in and out, encrypted or not.
trait Stream: Read + Write + Send + Unpin {}

impl<S: Read + Write + Send + Unpin> Stream for S {}

/// The body of an answer, at whose end the connection is free again.
struct Answer {
    body: Incoming,
    lent: Option<(Connection, Arc<Shared>)>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_none()
            && let Some((mut connection, shared)) = self.lent.take()
            && let Ok(mut idle) = shared.idle.lock()
        {
            connection.since = Instant::now();
            idle.push(connection);
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use aws_smithy_types::byte_stream::ByteStream;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::{TcpListener, TcpStream},
    };

    use super::*;

    /// A server that answers `ok`, on each connection as often as `answers` says.
    async fn serve(answers: usize) -> (String, Arc<AtomicUsize>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/path?a=b", listener.local_addr().unwrap());
        let connections = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&connections);
        task::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                counted.fetch_add(1, Ordering::Relaxed);
                task::spawn(answer(stream, answers));
            }
        });
        (url, connections)
    }

    async fn answer(mut stream: TcpStream, answers: usize) {
        for _ in 0..answers {
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let Ok(byte) = stream.read_u8().await else {
                    return;
                };
                request.push(byte);
            }
            let request = String::from_utf8_lossy(&request).to_ascii_lowercase();
            assert!(
                request.starts_with("get /path?a=b http/1.1\r\n"),
                "{request}"
            );
            assert!(request.contains("\r\nhost: 127.0.0.1:"), "{request}");
            let reply = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
            stream.write_all(reply).await.unwrap();
        }
    }

    async fn get(transport: &Transport, url: &str) -> (String, CaptureSmithyConnection) {
        let mut request = HttpRequest::get(url).unwrap();
        let capture = CaptureSmithyConnection::new();
        request.add_extension(capture.clone());
        let answer = transport.call(request).await.unwrap();
        let body = ByteStream::new(answer.into_body()).collect().await.unwrap();
        let body = String::from_utf8_lossy(&body.into_bytes()).into_owned();
        (body, capture)
    }

    #[tokio::test]
    async fn one_connection_carries_one_call_after_the_other() {
        let (url, connections) = serve(usize::MAX).await;
        let transport = Transport::new(Trust::Amazon);
        for _ in 0..5 {
            assert_eq!(get(&transport, &url).await.0, "ok");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn what_a_closed_connection_did_not_take_goes_over_another() {
        let (url, connections) = serve(1).await;
        let transport = Transport::new(Trust::Amazon);
        for _ in 0..5 {
            assert_eq!(get(&transport, &url).await.0, "ok");
        }
        assert_eq!(connections.load(Ordering::Relaxed), 5);
    }

    #[tokio::test]
    async fn a_poisoned_connection_is_not_used_again() {
        let (url, connections) = serve(usize::MAX).await;
        let transport = Transport::new(Trust::Amazon);
        let (_, capture) = get(&transport, &url).await;
        capture.get().unwrap().poison();
        get(&transport, &url).await;
        assert_eq!(connections.load(Ordering::Relaxed), 2);
    }

    #[tokio::test]
    async fn nobody_there_is_a_failure_of_the_connection() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let transport = Transport::new(Trust::Amazon);
        let refused = transport.call(HttpRequest::get(url).unwrap()).await;
        assert!(refused.unwrap_err().is_io());
        let relative = transport.call(HttpRequest::get("/path").unwrap()).await;
        assert!(relative.unwrap_err().is_user());
    }

    #[test]
    fn certificates_are_there_to_begin_with() {
        let transport = Transport::new(Trust::Amazon);
        let config = transport.shared.tls().unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1"]);
        let amazon = CertificateDer::pem_slice_iter(AMAZON_ROOTS);
        assert_eq!(amazon.flatten().count(), 5);
    }
}
