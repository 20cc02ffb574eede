//! The connector of every client, told in our words: what fails before a connection is there becomes a [`Failure`], which
//! knows the proxy, the certificate and what each of them said.

use std::{
    error::Error,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use tower_layer::Layer;
use tower_service::Service;

use super::{
    failure::{Failure, Kind, Peer, SignIn, chain, kind_of},
    way::Way,
};

type BoxError = Box<dyn Error + Send + Sync>;

/// Name, connection, proxy and TLS together.
const LONGEST: Duration = Duration::from_secs(15);

#[derive(Clone)]
pub(super) struct Dial {
    pub way: Arc<Way>,
}

impl<S> Layer<S> for Dial {
    type Service = Dialing<S>;

    fn layer(&self, inner: S) -> Dialing<S> {
        Dialing { inner, way: Arc::clone(&self.way) }
    }
}

#[derive(Clone)]
pub(super) struct Dialing<S> {
    inner: S,
    way: Arc<Way>,
}

impl<S, R> Service<R> for Dialing<S>
where
    S: Service<R, Error = BoxError>,
    S::Future: Send + 'static,
    S::Response: Send,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let connecting = self.inner.call(to);
        let way = Arc::clone(&self.way);
        Box::pin(async move {
            match tokio::time::timeout(LONGEST, connecting).await {
                Ok(Ok(connection)) => Ok(connection),
                Ok(Err(error)) => Err(told(&way, &*error).await.into()),
                Err(_) => Err(way.failed(Peer::Service, Kind::ConnectTimeout).into()),
            }
        })
    }
}

async fn told(way: &Way, error: &(dyn Error + Send + Sync + 'static)) -> Failure {
    let failure = failure(way, error);
    // The client keeps the proxy's answer to itself.
    if let Some(proxy) = &way.proxy
        && matches!(failure.kind, Kind::ProxyRefuses | Kind::ProxySignIn(_))
        && let Err(failure) = way.tunnel(proxy).await
    {
        return failure;
    }
    failure
}

/// What the error alone tells.
fn failure(way: &Way, error: &(dyn Error + 'static)) -> Failure {
    let words = chain(error);
    let has = |part: &str| words.contains(part);
    // Words of hyper-util, whose types are its own.
    let is_tunnel = has("tunnel error");
    let at = if way.proxy.is_some() && is_tunnel { Peer::Proxy } else { Peer::Service };
    let kind = match kind_of(error) {
        Some(kind) => kind,
        None if has("proxy authorization required") => Kind::ProxySignIn(SignIn::Unsaid),
        None if has("dns error") => Kind::NameNotFound,
        None if is_tunnel && has("unexpected end of file") => Kind::Cut,
        None if is_tunnel && !has("failed to create underlying connection") => Kind::ProxyRefuses,
        None => Kind::Connect,
    };
    Failure { message: Some(words), ..way.failed(at, kind) }
}
