//! A GET of a web server: no redirects, no proxy, a host that is named in the settings.

use ureq::Agent;
use ureq::http::{HeaderName, HeaderValue, StatusCode, Uri};
use ureq::tls::{RootCerts, TlsConfig};

use crate::{NotKnown, Settings, blocking};

pub(crate) async fn get(
    settings: &Settings,
    url: &str,
    headers: &[(String, String)],
) -> Result<Vec<u8>, NotKnown> {
    let url: Uri = url.parse().map_err(|error| NotKnown::said("this is no address: ", error))?;
    let host = url.host().unwrap_or_default().to_lowercase();
    let scheme = url.scheme_str().unwrap_or_default();
    let named = url.authority().is_some_and(|authority| authority.as_str().contains('@'));
    if !matches!(scheme, "http" | "https") || named || !settings.hosts.contains(&host) {
        return Err(NotKnown::said("this host is not to be asked: ", host));
    }
    let headers: Vec<(HeaderName, HeaderValue)> =
        headers.iter().map(header).collect::<Result<_, _>>()?;
    let (most, timeout) = (settings.bytes, settings.timeout);
    blocking(move || {
        // Somebody else in this process may have installed one already; either will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let tls = TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build();
        let config = Agent::config_builder()
            .tls_config(tls)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(timeout))
            .build();
        let mut request = Agent::new_with_config(config).get(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let mut answer = request.call().map_err(|error| NotKnown::said("no answer: ", error))?;
        if answer.status() != StatusCode::OK {
            return Err(NotKnown::because(format!("it answers {}", answer.status())));
        }
        let limit = u64::try_from(most).unwrap_or(u64::MAX);
        answer.body_mut().with_config().limit(limit).read_to_vec().map_err(|error| match error {
            ureq::Error::BodyExceedsLimit(_) => {
                NotKnown::because(format!("it says more than {most} bytes"))
            }
            other => NotKnown::said("the answer was cut off: ", other),
        })
    })
    .await
}

/// A header whose value stands in an environment variable.
#[expect(clippy::disallowed_methods, reason = "a policy names the variable, never the value")]
fn header((name, variable): &(String, String)) -> Result<(HeaderName, HeaderValue), NotKnown> {
    let value = std::env::var(variable)
        .map_err(|_| NotKnown::said("this environment variable is not set: ", variable))?;
    let header = HeaderName::from_bytes(name.as_bytes()).ok();
    let value = HeaderValue::from_str(&value).ok();
    let (Some(header), Some(mut value)) = (header, value) else {
        return Err(NotKnown::said("this is no header: ", name));
    };
    value.set_sensitive(true);
    Ok((header, value))
}
