//! Functions with `impl Trait` arguments can be tracked, nested ones too.

use super::calls::tool;
use agent_metrics::track_tool;
use std::fmt::Display;

#[track_tool]
async fn impl_async(text: impl AsRef<str>, numbers: impl IntoIterator<Item = impl Display>) -> String {
    let mut all = text.as_ref().to_owned();
    for number in numbers {
        std::future::ready(()).await;
        all += &number.to_string();
    }
    all
}

#[track_tool]
fn impl_sync(f: impl FnOnce(&str) -> usize, into: &mut impl Extend<usize>) {
    into.extend([f("abc")].iter().copied());
}

#[track_tool]
async fn impl_and_generic<T>(values: &[T], find: &(impl Fn(&T) -> bool + ?Sized)) -> Option<usize> {
    values.iter().position(find)
}

#[test]
fn functions_with_impl_arguments_are_counted() {
    assert_eq!(tool("impl_async").awaited("success", impl_async("a", vec![1, 2])), "a12");
    let mut into = Vec::new();
    tool("impl_sync").called("success", || impl_sync(str::len, &mut into));
    assert_eq!(into, [3]);
    let future = impl_and_generic(&[1, 2], &|value| *value == 2);
    assert_eq!(tool("impl_and_generic").awaited("success", future), Some(1));
}
