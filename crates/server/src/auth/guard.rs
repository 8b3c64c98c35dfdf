//! What every request passes: is it meant for this server, from a page of this server, and not
//! too many at once.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use holdshort_api::Code;

use crate::problem::Failure;
use crate::state::App;

/// Nothing may be loaded from elsewhere, framed, or run that is not a file of ours.
const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
     img-src 'self' data:; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; \
     base-uri 'none'";

/// Refuses requests for another host (DNS rebinding) or from another origin's page, and sets the
/// security headers.
pub(crate) async fn guard(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    check(&app, request.method(), request.headers())?;
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    Ok(response)
}

fn check(app: &App, method: &Method, headers: &HeaderMap) -> Result<(), Failure> {
    let refused = |detail: &str| Failure::new(Code::HostRefused, detail);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let known = host.is_some_and(|host| app.hosts.iter().any(|known| known == host));
    if !known {
        return Err(refused("The Host header names another server.")
            .hint("Use the address the server printed, or start it with --public-url."));
    }
    if let Some(origin) = headers.get(header::ORIGIN) {
        let ours = origin.to_str().is_ok_and(|origin| app.origins.iter().any(|o| o == origin));
        if !ours {
            return Err(refused("The request comes from a page of another origin."));
        }
    }
    let site = headers.get("sec-fetch-site").and_then(|site| site.to_str().ok());
    let foreign = matches!(site, Some("cross-site" | "same-site"));
    if foreign && method != Method::GET && method != Method::HEAD {
        return Err(refused("The request comes from a page of another site."));
    }
    Ok(())
}

/// Bounds how often one known token or session, or one address without, may call. A secret that
/// nobody was given counts for its address: a made-up one for each request is no way around, and
/// a flood of strangers does not slow down who is known.
pub(crate) async fn rate_limit(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    if let Some(limiter) = &app.limiter {
        let secret = super::secret_of(request.headers()).map(|(secret, _)| super::hash(secret));
        let known = match secret {
            Some(hash) => super::known(&app, &hash)?.map(|(token, _)| token.hash),
            None => None,
        };
        let address = request.extensions().get::<ConnectInfo<SocketAddr>>();
        let address = || super::hash(&address.map(|a| a.0.ip().to_string()).unwrap_or_default());
        if limiter.check_key(&known.unwrap_or_else(address)).is_err() {
            return Err(Failure::new(Code::RateLimited, "Slow down; try again in a second."));
        }
    }
    Ok(next.run(request).await)
}
