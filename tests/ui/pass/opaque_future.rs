//! `fn -> impl Future` is measured from the first poll to the future's end; one that is never polled isn't counted.

use super::calls::{poll_once, task};
use agent_metrics::track_task;
use std::future::Future;

struct Agent<'a> {
    text: &'a str,
    count: usize,
}

impl<'a> Agent<'a> {
    #[track_task]
    fn with_statements(
        &mut self,
        early: bool,
    ) -> impl Future<Output = Result<usize, std::io::Error>> + Send + use<'_, 'a> {
        self.count += 1;
        let early = !early;
        async move {
            self.count += 1;
            if early {
                return Err(std::io::Error::other("early"));
            }
            Ok(self.count)
        }
    }

    #[track_task]
    fn captures_a_type_lifetime(&self) -> impl Future<Output = usize> + use<'a> {
        let text = self.text;
        async move { text.len() }
    }

    #[track_task]
    fn early_return(&self, early: bool) -> impl Future<Output = u8> + use<'a> {
        if early {
            return std::future::ready(1);
        }
        std::future::ready(2)
    }
}

#[track_task]
fn infers_its_error() -> impl Future<Output = Result<u8, ()>> {
    async { Ok(1) }
}

#[track_task]
fn question_in_block() -> impl Future<Output = Result<(), Box<dyn std::error::Error + Send + Sync>>> + Send {
    async { Err("no")? }
}

#[track_task]
fn never_polled() -> impl Future<Output = ()> + Send + Sync + 'static {
    std::future::ready(())
}

#[track_task]
fn waits() -> impl Future<Output = ()> {
    std::future::pending()
}

#[test]
fn opaque_futures_are_counted_when_they_end() {
    let mut agent = Agent { text: "abc", count: 0 };
    assert!(task("with_statements").awaited("failure", agent.with_statements(false)).is_err());
    assert_eq!(agent.count, 2);
    let captured = agent.captures_a_type_lifetime();
    assert_eq!(task("captures_a_type_lifetime").awaited("success", captured), 3);
    assert_eq!(task("early_return").awaited("success", agent.early_return(true)), 1);
    assert_eq!(task("infers_its_error").awaited("success", infers_its_error()), Ok(1));
    assert!(task("question_in_block").awaited("failure", question_in_block()).is_err());
    drop(never_polled());
    assert_eq!(task("never_polled").so_far(), []);
    assert!(task("waits").called("cancelled", || poll_once(waits())).is_pending());
}
