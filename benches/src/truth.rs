//! The accuracy of summed durations, compared with `Instant`.
//!
//! The tracked function spins by `Instant` and returns the measured time. A tracked call lasts longer by the time that
//! its two clock readings and the first and last ones of `Instant` take. This constant matters at a microsecond; it is
//! measured by short spins, interleaved with the others, and subtracted.

use std::time::{Duration, Instant};

use agent_metrics::track_tool;

use crate::exposed::Exposed;
use crate::measure::median;
use crate::report::{Report, Row, Target};

/// One tool for each length, so that each length has a separate sum.
macro_rules! spins {
    ($($name:ident $tool:literal $length:expr;)*) => {$(
        #[inline(never)]
        #[track_tool(tool_name = $tool)]
        fn $name() -> Duration {
            spin($length)
        }
    )*};
}

spins! {
    spin_short "spin_short" Duration::from_nanos(500);
    spin_1us "spin_1us" Duration::from_micros(1);
    spin_1ms "spin_1ms" Duration::from_millis(1);
    spin_100ms "spin_100ms" Duration::from_millis(100);
}

#[inline(always)]
#[allow(clippy::inline_always)] // What a call of it takes would be counted.
fn spin(length: Duration) -> Duration {
    let begin = Instant::now();
    while begin.elapsed() < length {}
    begin.elapsed() // Anew, so that the way out of the loop, mispredicted, is in what `Instant` measures as well.
}

struct Spins {
    length: &'static str,
    run: fn() -> Duration,
    tool: &'static str,
    calls: u64,
}

const SPINS: [Spins; 3] = [
    Spins { length: "1 us", run: spin_1us, tool: "spin_1us", calls: 40_000 },
    Spins { length: "1 ms", run: spin_1ms, tool: "spin_1ms", calls: 100 },
    Spins { length: "100 ms", run: spin_100ms, tool: "spin_100ms", calls: 2 },
];

/// The number of parts of each length. The median part counts, since the scheduler sometimes runs between two clock
/// readings of the same moment.
const PARTS: u64 = 5;

pub(crate) fn run(report: &mut Report) {
    let mut wrong = Vec::new();
    for spins in SPINS {
        let parts: Vec<_> = (0..PARTS).map(|_| Part::measure(&spins, &mut wrong)).collect();
        let middle = |value: fn(&Part) -> f64| median(parts.iter().map(value).collect());
        let off = middle(Part::off);
        let Spins { length, calls, .. } = spins;
        report.row(&Row {
            what: format!("truth: {} spins of {length}, summed durations against `Instant`", calls * PARTS),
            ours: format!(
                "{:.6} s a part, of which reads {:.1} ns a call",
                middle(|p| p.tracked),
                middle(|p| p.reads)
            ),
            peers: format!("`Instant` {:.6} s", middle(|p| p.spun)),
            ratio: format!("{off:+.3} % ({:+.3} % with the reads)", middle(Part::off_with_reads)),
            target: Target::at_most(off.abs(), 1.0, " % off"),
        });
    }
    let calls: u64 = SPINS.iter().map(|spins| 2 * spins.calls * PARTS).sum();
    report.truth("truth", calls, 2 * SPINS.len() * PARTS as usize, &wrong);
}

/// The sums in seconds, and the time of one call's clock readings in nanoseconds.
struct Part {
    tracked: f64,
    spun: f64,
    reads: f64,
    calls: f64,
}

impl Part {
    fn measure(Spins { run, tool, calls, .. }: &Spins, wrong: &mut Vec<String>) -> Self {
        let before = [tracked(tool), tracked("spin_short")];
        let mut spun = [Duration::ZERO; 2];
        for _ in 0..*calls {
            spun[0] += run();
            spun[1] += spin_short();
        }
        let after = [tracked(tool), tracked("spin_short")];
        for (before, after) in before.iter().zip(&after) {
            if after.count - before.count != *calls {
                wrong.push(format!("`{tool}` or `spin_short` has {} of {calls}", after.count - before.count));
            }
        }
        let spun = spun.map(|sum| sum.as_secs_f64());
        let short = after[1].seconds - before[1].seconds;
        let calls = *calls as f64;
        let reads = (short - spun[1]) / calls * 1e9;
        Self { tracked: after[0].seconds - before[0].seconds, spun: spun[0], reads, calls }
    }

    fn off_with_reads(&self) -> f64 {
        (self.tracked / self.spun - 1.0) * 100.0
    }

    fn off(&self) -> f64 {
        ((self.tracked - self.reads * self.calls / 1e9) / self.spun - 1.0) * 100.0
    }
}

/// The recorded count and sum of a tool.
struct Tracked {
    count: u64,
    seconds: f64,
}

fn tracked(tool: &str) -> Tracked {
    let exposed = Exposed::now();
    let label = [format!("tool_name=\"{tool}\"")];
    Tracked {
        count: exposed.sum("agent_tool_calls_total", &label) as u64,
        seconds: exposed.sum("agent_tool_call_duration_seconds_sum", &label),
    }
}
