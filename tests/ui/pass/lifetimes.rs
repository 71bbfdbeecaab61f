//! Lifetimes work as without the attribute: named, elided, hidden in a path, and not used by the result.

use super::calls::tool;
use agent_metrics::track_tool;
use std::cell::RefCell;

struct Reader<'a> {
    text: &'a str,
}

impl<'a> Reader<'a> {
    #[track_tool]
    async fn elided(&self, more: &str, bytes: &[u8]) -> usize {
        std::future::ready(()).await;
        self.text.len() + more.len() + bytes.len()
    }

    #[track_tool]
    async fn outlives_self(&self) -> &'a str {
        let length = self.text.len();
        &self.text[..length - 1]
    }

    #[track_tool]
    async fn lines<'b>(&self, text: &'b str) -> std::str::Lines<'b> {
        text.lines()
    }

    #[track_tool]
    fn placeholder(&self) -> std::str::Bytes<'_> {
        self.text.bytes()
    }
}

#[track_tool]
fn longer<'a: 'b, 'b>(first: &'a str, second: &'b str) -> &'b str {
    if first.len() > second.len() { first } else { second }
}

#[track_tool]
fn sliced(text: &str, mut count: usize) -> Result<&str, std::io::Error> {
    count += 1;
    Ok(&text[..count.min(text.len())])
}

#[track_tool]
async fn dynamic(f: &dyn Fn(&str) -> usize, items: &mut (dyn Iterator<Item = u8> + Send)) -> usize {
    f("a") + items.count()
}

/// The last expression borrows from an argument, so the argument must be dropped after that temporary.
#[track_tool]
async fn borrowed_tail(cell: RefCell<Vec<u8>>) -> usize {
    cell.borrow().len()
}

#[track_tool]
fn borrowed_tail_sync(cell: RefCell<Vec<u8>>) -> usize {
    cell.borrow().len()
}

#[test]
fn results_may_borrow_as_long_as_without_the_attribute() {
    let text = String::from("abc");
    let rest = {
        let reader = Reader { text: &text };
        assert_eq!(tool("elided").awaited("success", reader.elided("d", b"ef")), 6);
        assert_eq!(tool("placeholder").called("success", || reader.placeholder().count()), 3);
        assert_eq!(tool("lines").awaited("success", reader.lines("a\nb")).count(), 2);
        tool("outlives_self").awaited("success", reader.outlives_self())
    };
    assert_eq!(rest, "ab");
    assert_eq!(tool("longer").called("success", || longer("ab", "a")), "ab");
    assert_eq!(tool("sliced").called("success", || sliced("abc", 1)).expect("a slice"), "ab");
    let items = &mut std::iter::once(1);
    assert_eq!(tool("dynamic").awaited("success", dynamic(&|text| text.len(), items)), 2);
    let cell = RefCell::new(vec![1, 2]);
    assert_eq!(tool("borrowed_tail").awaited("success", borrowed_tail(cell.clone())), 2);
    assert_eq!(tool("borrowed_tail_sync").called("success", || borrowed_tail_sync(cell)), 2);
}
