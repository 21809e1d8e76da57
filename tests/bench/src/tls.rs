//! A certificate authority of this run, and the mock's certificate from it.

use std::{path::Path, sync::Arc};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::Result;

/// The address that the mock listens on, and its certificate is for.
pub const HOST: &str = "127.0.0.1";

/// Makes the authority, writes its certificate to `bundle` in PEM form, and returns
/// what the mock needs. All keys are P-256: a server's part with RSA takes longer, and
/// is nothing of the clients'.
///
/// # Errors
/// A file that cannot be written, or a library's refusal.
pub fn server(bundle: &Path) -> Result<Arc<ServerConfig>> {
    let mut authority = CertificateParams::default();
    authority
        .distinguished_name
        .push(DnType::CommonName, "Benchmark authority");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    authority.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority_key = KeyPair::generate()?;
    let certificate = authority.self_signed(&authority_key)?;
    std::fs::write(bundle, certificate.pem())?;

    let key = KeyPair::generate()?;
    let leaf = CertificateParams::new([HOST.to_owned()])?
        .signed_by(&key, &Issuer::new(authority, authority_key))?;
    let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(vec![leaf.der().clone()], private)?;
    Ok(Arc::new(config))
}
