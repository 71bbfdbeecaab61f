//! The faults and the latencies of the simulated service.

use std::time::Duration;

use fastrand::Rng;

use super::service::Refusal;

/// Shares of the requests, each in 0..=1, and the usual latency.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Faults {
    /// Half of the answers take longer.
    pub(crate) median_latency: Duration,
    /// Between the events of a stream.
    pub(crate) gap: Duration,
    /// 429 that asks for a wait of a second.
    pub(crate) rate_limited: f64,
    /// 429 that asks for a wait longer than a task may take.
    pub(crate) exhausted: f64,
    /// 500 or 503 (529).
    pub(crate) unavailable: f64,
    /// The prompt or the answer is withheld.
    pub(crate) withheld: f64,
    /// So slow that the client gives up.
    pub(crate) stalled: f64,
    /// The share of streams that end early.
    pub(crate) broken: f64,
    /// The share of tool calls that name an unknown tool.
    pub(crate) made_up: f64,
}

impl Faults {
    /// A service as one meets it on a busy day.
    pub(crate) fn busy() -> Self {
        Self {
            median_latency: Duration::from_millis(220),
            gap: Duration::from_millis(25),
            rate_limited: 0.05,
            exhausted: 0.006,
            unavailable: 0.02,
            withheld: 0.008,
            stalled: 0.008,
            broken: 0.02,
            made_up: 0.04,
        }
    }

    /// Answers every request immediately.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self {
            median_latency: Duration::ZERO,
            gap: Duration::ZERO,
            rate_limited: 0.0,
            exhausted: 0.0,
            unavailable: 0.0,
            withheld: 0.0,
            stalled: 0.0,
            broken: 0.0,
            made_up: 0.0,
        }
    }

    pub(super) fn draw(&self, rng: &mut Rng) -> Behaviour {
        let latency = self.latency(rng);
        let mut left = rng.f64();
        let mut falls_in = |share: f64| {
            left -= share;
            left < 0.0
        };
        // A refusal costs the service little, so it comes fast.
        let refuses = |refusal| Behaviour::Refuses { refusal, latency: latency / 10 };
        if falls_in(self.rate_limited) {
            refuses(Refusal::RateLimited(1))
        } else if falls_in(self.exhausted) {
            refuses(Refusal::RateLimited(25))
        } else if falls_in(self.unavailable) {
            refuses(if rng.bool() { Refusal::Overloaded } else { Refusal::Internal })
        } else if falls_in(self.withheld) {
            Behaviour::Withholds { latency }
        } else if falls_in(self.stalled) {
            Behaviour::Answers { latency: Duration::from_secs(60) }
        } else {
            Behaviour::Answers { latency }
        }
    }

    /// Log-normal, as latencies of models are: most near the median, a long tail above.
    fn latency(&self, rng: &mut Rng) -> Duration {
        // Twelve uniform numbers make a good enough normal one (Irwin-Hall).
        let normal = (0..12).map(|_| rng.f64()).sum::<f64>() - 6.0;
        self.median_latency.mul_f64((0.5 * normal).exp())
    }
}

pub(super) enum Behaviour {
    Answers { latency: Duration },
    Withholds { latency: Duration },
    Refuses { refusal: Refusal, latency: Duration },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_come_in_their_shares() {
        let mut rng = Rng::with_seed(7);
        let faults = Faults { rate_limited: 0.2, unavailable: 0.1, ..Faults::none() };
        let (mut limited, mut failed) = (0, 0);
        for _ in 0..10_000 {
            match faults.draw(&mut rng) {
                Behaviour::Refuses { refusal: Refusal::RateLimited(_), .. } => limited += 1,
                Behaviour::Refuses { .. } => failed += 1,
                Behaviour::Answers { .. } | Behaviour::Withholds { .. } => {}
            }
        }
        assert!((1_800..2_200).contains(&limited), "{limited}");
        assert!((800..1_200).contains(&failed), "{failed}");
    }

    #[test]
    fn half_of_the_latencies_are_above_the_median() {
        let mut rng = Rng::with_seed(7);
        let faults = Faults::busy();
        let above = (0..10_000).filter(|_| faults.latency(&mut rng) > faults.median_latency).count();
        assert!((4_700..5_300).contains(&above), "{above}");
    }
}
