//! The retry policy: conditions and waits.

use std::time::Duration;

use super::error::ModelError;

#[derive(Debug, Clone, Copy)]
pub(crate) struct RetryPolicy {
    /// The number of attempts, including the first.
    pub(crate) attempts: u32,
    /// The first wait; each following one doubles.
    pub(crate) first_wait: Duration,
    /// The longest wait, unless the service requests one.
    pub(crate) longest_backoff: Duration,
    /// The longest requested wait that is accepted.
    pub(crate) longest_asked: Duration,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            attempts: 4,
            first_wait: Duration::from_millis(200),
            longest_backoff: Duration::from_secs(5),
            longest_asked: Duration::from_secs(30),
        }
    }
}

impl RetryPolicy {
    /// Returns the wait after an attempt (counted from 1) that ended in `error`; `None` if it was the last or the error is final.
    /// `random` in 0..1 spreads the clients, so that they don't all retry at the same time.
    fn wait(&self, attempt: u32, error: &ModelError, random: f64) -> Option<Duration> {
        if attempt >= self.attempts {
            return None;
        }
        match error {
            ModelError::RateLimited { retry_after: Some(asked), .. }
            | ModelError::Unavailable { retry_after: Some(asked), .. } => {
                (*asked <= self.longest_asked).then(|| *asked + self.first_wait.mul_f64(random))
            }
            ModelError::RateLimited { .. }
            | ModelError::Unavailable { .. }
            | ModelError::Unreachable(_)
            | ModelError::TimedOut => {
                let doubled = self.first_wait.saturating_mul(2_u32.saturating_pow(attempt - 1));
                Some(doubled.min(self.longest_backoff).mul_f64(0.5 + random / 2.0))
            }
            ModelError::Rejected { .. }
            | ModelError::TooLong { .. }
            | ModelError::Withheld { .. }
            | ModelError::Unusable(_)
            | ModelError::BudgetSpent(_) => None,
        }
    }
}

/// The attempts of one call.
#[derive(Debug)]
pub(super) struct Attempts {
    policy: RetryPolicy,
    /// The number of the attempt, from 1.
    number: u32,
    waited: Duration,
}

impl Attempts {
    pub(super) fn new(policy: RetryPolicy) -> Self {
        Self { policy, number: 1, waited: Duration::ZERO }
    }

    /// The wait before this attempt.
    pub(super) fn waited(&self) -> Duration {
        self.waited
    }

    /// Waits until the next attempt.
    ///
    /// # Errors
    /// Returns the error of this attempt if there is no further one.
    pub(super) async fn next(&mut self, error: ModelError) -> Result<(), ModelError> {
        let Some(wait) = self.policy.wait(self.number, &error, fastrand::f64()) else { return Err(error) };
        tokio::time::sleep(wait).await;
        (self.number, self.waited) = (self.number + 1, wait);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const POLICY: RetryPolicy = RetryPolicy {
        attempts: 3,
        first_wait: Duration::from_millis(100),
        longest_backoff: Duration::from_millis(150),
        longest_asked: Duration::from_secs(10),
    };

    fn limited(retry_after: Option<u64>) -> ModelError {
        ModelError::RateLimited { message: String::new(), retry_after: retry_after.map(Duration::from_secs) }
    }

    #[test]
    fn the_service_is_asked_again_when_it_says_and_not_before() {
        assert_eq!(POLICY.wait(1, &limited(Some(2)), 0.0), Some(Duration::from_secs(2)));
        assert_eq!(POLICY.wait(1, &limited(Some(2)), 0.5), Some(Duration::from_millis(2_050)));
        assert_eq!(POLICY.wait(1, &limited(Some(11)), 0.0), None);
    }

    #[test]
    fn backoff_doubles_to_its_bound() {
        assert_eq!(POLICY.wait(1, &ModelError::TimedOut, 0.0), Some(Duration::from_millis(50)));
        assert_eq!(POLICY.wait(2, &limited(None), 0.0), Some(Duration::from_millis(75)));
        let endless = RetryPolicy { attempts: u32::MAX, ..POLICY };
        assert_eq!(endless.wait(1_000, &ModelError::TimedOut, 0.0), Some(Duration::from_millis(75)));
    }

    #[test]
    fn the_last_attempt_and_final_errors_are_not_repeated() {
        assert_eq!(POLICY.wait(3, &ModelError::TimedOut, 0.0), None);
        assert_eq!(POLICY.wait(1, &ModelError::Withheld { reason: String::new() }, 0.0), None);
    }
}
