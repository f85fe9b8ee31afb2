//! Failure injection: what does my code do when the circuit is open?
//!
//! `cargo run -p k1s0-circuit-breaker --features mock --example mock`

use std::sync::Arc;
use std::time::Duration;

use k1s0_circuit_breaker::{
    Breaker, BreakerExt, CircuitBreakerError, MockBreaker, RejectReason, Rejection,
};

/// The code under test: it holds whatever breaker it is given.
struct Prices {
    breaker: Arc<dyn Breaker>,
}

impl Prices {
    /// The price now, or the last known one while the price service is not well.
    async fn price(&self, last_known: u32) -> u32 {
        match self.breaker.call(|| async { fetch().await }).await {
            Ok(price) => price,
            Err(CircuitBreakerError::Open(_)) => last_known,
            Err(CircuitBreakerError::Inner(_)) => last_known,
        }
    }
}

async fn fetch() -> Result<u32, std::io::Error> {
    Ok(42)
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut breaker = MockBreaker::new();
    breaker.expect_try_acquire_owned().once().returning(|| {
        Err(Rejection::new(
            RejectReason::Open,
            Some(Duration::from_secs(5)),
        ))
    });

    let prices = Prices {
        breaker: Arc::new(breaker),
    };
    let price = prices.price(41).await;
    assert_eq!(price, 41);
    println!("while the circuit is open, the price is the last known one: {price}");
}
