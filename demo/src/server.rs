//! The upstream: a real HTTP server on loopback that falls sick on schedule, and keeps its own
//! books. What the demo claims about requests is counted here, not at the client.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::State;
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::time::{Instant, sleep};

use crate::script::{HANGS_EVERY, SICK_WORK, Script, WORK};

/// One request, as the server saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// When its head had arrived.
    pub(crate) arrived: Duration,
    /// When the answer was ready, or the client had gone. None while it is here.
    pub(crate) left: Option<Duration>,
}

/// A running server.
#[derive(Clone)]
pub(crate) struct Upstream {
    address: SocketAddr,
    books: Arc<Books>,
}

struct Books {
    script: Script,
    origin: Instant,
    visits: Mutex<Vec<Visit>>,
}

impl Upstream {
    /// Starts a server on a free port of the loopback interface. It runs until the process ends.
    pub(crate) async fn start(script: Script, origin: Instant) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))
            .await
            .context("no free port on the loopback interface")?;
        let address = listener.local_addr()?;
        let books = Arc::new(Books {
            script,
            origin,
            visits: Mutex::default(),
        });
        let service = Router::new().fallback(serve).with_state(Arc::clone(&books));
        tokio::spawn(async move { axum::serve(listener, service).await });
        Ok(Self { address, books })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    /// The visits from number `first` on.
    pub(crate) fn visits_from(&self, first: usize) -> Vec<Visit> {
        self.books.visits()[first..].to_vec()
    }
}

impl Books {
    fn now(&self) -> Duration {
        self.origin.elapsed()
    }

    fn visits(&self) -> MutexGuard<'_, Vec<Visit>> {
        self.visits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down that a request is here, and with the guard that it left.
    fn enter(&self) -> Present<'_> {
        let mut visits = self.visits();
        let number = visits.len();
        // Read under the lock, so that the book is in order of time.
        let arrived = self.now();
        visits.push(Visit {
            arrived,
            left: None,
        });
        Present {
            books: self,
            number,
            arrived,
        }
    }
}

/// A request that is being worked on.
struct Present<'a> {
    books: &'a Books,
    number: usize,
    arrived: Duration,
}

impl Drop for Present<'_> {
    // Also when the client hangs up: the server then drops the handler.
    fn drop(&mut self) {
        let left = self.books.now();
        self.books.visits()[self.number].left = Some(left);
    }
}

/// Answers a request as well as the server can at the time.
async fn serve(State(books): State<Arc<Books>>) -> (StatusCode, &'static str) {
    let present = books.enter();
    if !books.script.is_sick(present.arrived) {
        sleep(WORK).await;
        return (StatusCode::OK, "well\n");
    }
    if (present.number as u64 + 1).is_multiple_of(HANGS_EVERY) {
        return pending().await;
    }
    sleep(SICK_WORK).await;
    (StatusCode::SERVICE_UNAVAILABLE, "sick\n")
}
