//! One run: two servers, two clients, one schedule, and the books of all of them.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use crate::client::{Call, Client};
use crate::script::Script;
use crate::server::{Upstream, Visit};
use crate::terminal::Style;
use crate::timeline;
use crate::watch::{Change, Watched};

/// A server and its only client.
pub(crate) struct Side {
    pub(crate) upstream: Upstream,
    pub(crate) client: Arc<Client>,
}

/// What one side wrote down in a run.
#[derive(Clone, Debug, Default)]
pub(crate) struct Books {
    /// Each call of the client, in order of its end.
    pub(crate) calls: Vec<Call>,
    /// Each request that reached the server, in order of arrival.
    pub(crate) visits: Vec<Visit>,
}

/// Everything that was written down in a run.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) script: Script,
    pub(crate) with: Books,
    pub(crate) without: Books,
    pub(crate) changes: Vec<Change>,
}

impl Side {
    async fn new(script: Script, origin: Instant, watched: Option<&Watched>) -> Result<Self> {
        let upstream = Upstream::start(script, origin).await?;
        let breaker = watched.map(|watched| watched.breaker.clone());
        let client = Client::new(upstream.address(), breaker, origin)?;
        Ok(Self { upstream, client })
    }

    fn books(&self) -> Books {
        Books {
            calls: self.client.calls_from(0),
            visits: self.upstream.visits_from(0),
        }
    }
}

/// Sends both clients' requests as they fall due, prints the timeline meanwhile, and waits for the
/// last answer.
pub(crate) async fn run(script: Script, style: Style) -> Result<Record> {
    let origin = Instant::now();
    let watched = Arc::new(Watched::new(origin)?);
    let with = Arc::new(Side::new(script, origin, Some(&watched)).await?);
    let without = Arc::new(Side::new(script, origin, None).await?);

    let timeline = tokio::spawn(timeline::print(
        script,
        origin,
        style,
        Arc::clone(&with),
        Arc::clone(&without),
        Arc::clone(&watched),
    ));
    send_all(script, origin, [&with.client, &without.client]).await?;
    timeline.await?;

    Ok(Record {
        script,
        with: with.books(),
        without: without.books(),
        changes: watched.changes_from(0),
    })
}

/// Open loop: a request is sent when it is due, however many are still out.
async fn send_all(script: Script, origin: Instant, clients: [&Arc<Client>; 2]) -> Result<()> {
    let mut calls = JoinSet::new();
    for due in script.arrivals() {
        sleep_until(origin + due).await;
        for client in clients {
            let client = Arc::clone(client);
            calls.spawn(async move { client.call(due).await });
        }
        // Those that ended need not be kept.
        while let Some(ended) = calls.try_join_next() {
            ended?;
        }
    }
    while let Some(ended) = calls.join_next().await {
        ended?;
    }
    Ok(())
}

/// A time in seconds, for people.
pub(crate) fn seconds(time: Duration) -> String {
    format!("{:.2} s", time.as_secs_f64())
}

/// A time in milliseconds, for people; a dash for none.
pub(crate) fn millis(time: Option<Duration>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |time| match time.as_secs_f64() * 1e3 {
            short if short < 9.95 => format!("{short:.1} ms"),
            long => format!("{long:.0} ms"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_for_people() {
        assert_eq!(seconds(Duration::from_millis(6270)), "6.27 s");
        assert_eq!(millis(None), "-");
        assert_eq!(millis(Some(Duration::from_micros(6240))), "6.2 ms");
        assert_eq!(millis(Some(Duration::from_micros(251_400))), "251 ms");
    }
}
