//! An answer before it is bytes: what handlers give, what faults spoil, what a batch wraps.

use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, StatusCode},
    response::Response,
};
use serde_json::Value;

/// Status, headers and body, with what the record of requests wants to know.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub content: Content,
    /// Resource units, where the service counts any.
    pub units: u32,
    /// Objects in it, for the latency that they cost.
    pub objects: u32,
    pub ending: Ending,
    /// How long it is held back, beyond the scenario's latency.
    pub stall: std::time::Duration,
}

#[derive(Debug, Clone)]
pub enum Content {
    Json(Value),
    /// JSON that is text already.
    Raw(String),
    Text(&'static str, String),
    Nothing,
}

/// How the body ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    Whole,
    /// In the middle, as if it were whole.
    Truncated,
    /// In the middle, with the connection.
    Cut,
}

impl Answer {
    pub fn json(status: u16, body: Value) -> Self {
        Self { content: Content::Json(body), ..Self::nothing(status) }
    }

    pub fn raw(status: u16, body: String) -> Self {
        Self { content: Content::Raw(body), ..Self::nothing(status) }
    }

    pub fn text(status: u16, content_type: &'static str, text: impl Into<String>) -> Self {
        Self { content: Content::Text(content_type, text.into()), ..Self::nothing(status) }
    }

    pub const fn nothing(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content: Content::Nothing,
            units: 0,
            objects: 0,
            ending: Ending::Whole,
            stall: std::time::Duration::ZERO,
        }
    }

    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    #[must_use]
    pub const fn objects(mut self, count: u32) -> Self {
        self.objects = count;
        self
    }

    /// The bytes, for HTTP.
    pub fn into_response(self) -> Response {
        let (content_type, text) = match self.content {
            Content::Json(json) => ("application/json", json.to_string()),
            Content::Raw(text) => ("application/json", text),
            Content::Text(content_type, text) => (content_type, text),
            Content::Nothing => ("", String::new()),
        };
        let bytes = Bytes::from(text);
        let half = bytes.slice(..bytes.len() / 2);
        let body = match self.ending {
            Ending::Whole => Body::from(bytes),
            Ending::Truncated => Body::from(half),
            Ending::Cut => {
                let broken = std::io::Error::other("the scenario cuts the connection");
                Body::from_stream(futures::stream::iter([Ok(half), Err(broken)]))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !content_type.is_empty() {
            headers.insert("content-type", HeaderValue::from_static(content_type));
        }
        for (name, value) in self.headers {
            // What cannot be a header's value, a client's own id for instance, is left out.
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.insert(name, value);
            }
        }
        response
    }
}

/// An HTML page as gateways send it.
pub fn html(status: u16) -> Answer {
    Answer::text(
        status,
        "text/html",
        "<html><head><title>Service unavailable</title></head><body><h1>Our services aren't available right now</h1>\
         <p>We're working to restore all services as soon as possible.</p></body></html>",
    )
}
