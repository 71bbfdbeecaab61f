//! Functions of the kinds that the tests of other attribute macros and the examples of agent crates have.
#![allow(clippy::unused_async)] // As in the traits that the functions stand for.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fmt::{Debug, Display};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::calls::{llm, ready, task, tool};
use agent_metrics::{Usage, track_llm, track_task, track_tool};
use futures_util::future::BoxFuture;

// Attributes that trace functions.

#[track_tool]
async fn destructures((a, _): (u8, Option<u8>), [first, .., last]: [u8; 3]) -> Option<u8> {
    let sum = a.checked_add(first)?.checked_add(last)?;
    Some(std::future::ready(sum).await)
}

#[track_tool]
fn takes_opaque(name: impl Into<String>, each: &mut dyn FnMut(&str), rest: &[impl Debug]) -> String {
    let name = name.into();
    each(&name);
    format!("{name} {rest:?}")
}

#[track_tool]
async fn breaks_with_a_value(mut list: Vec<u8>) -> Result<u8, Box<dyn Error + Send + Sync>> {
    loop {
        match list.pop() {
            Some(n) if n % 2 == 0 => break Ok(n),
            Some(_) => {}
            None => Err("none is even")?,
        }
    }
}

#[track_tool]
fn labelled<const N: usize, T: Copy + PartialEq>(grid: [[T; N]; 2], wanted: T) -> Option<(usize, usize)> {
    'rows: for (y, row) in grid.iter().enumerate() {
        for (x, cell) in row.iter().enumerate() {
            if *cell == wanted {
                return Some((x, y));
            }
            if x > 5 {
                continue 'rows;
            }
        }
    }
    None
}

// Attributes for traits with async methods.

#[async_trait::async_trait]
trait Store: Send + Sync {
    type Key: Display + Send;
    const LIMIT: usize = 2;

    async fn load<'k>(self: Arc<Self>, key: &'k Self::Key, found: &mut Vec<Cow<'k, str>>) -> usize;

    #[track_tool]
    async fn load_default(&self, key: Self::Key) -> String
    where
        Self: Sized,
        Self::Key: 'static,
    {
        let text = std::future::ready(key.to_string()).await;
        text.chars().take(Self::LIMIT).collect()
    }
}

struct Memory(Mutex<HashMap<String, u8>>);

#[async_trait::async_trait]
impl Store for Memory {
    type Key = u8;

    #[track_tool(tool_name = "load_by_arc")]
    async fn load<'k>(self: Arc<Self>, key: &'k u8, found: &mut Vec<Cow<'k, str>>) -> usize {
        found.push(Cow::Borrowed("a"));
        found.push(Cow::Owned(key.to_string()));
        let count = self.lock().len();
        std::future::ready(count).await + found.len()
    }
}

impl Memory {
    #[track_tool(tool_name = "locks")]
    fn lock(&self) -> MutexGuard<'_, HashMap<String, u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// Attributes for recursion.

#[track_task]
fn recursive<'a>(texts: &'a [&'a str], depth: usize) -> BoxFuture<'a, usize> {
    Box::pin(async move {
        match texts.split_first() {
            None => depth,
            Some((first, rest)) => first.len() + recursive(rest, depth + 1).await,
        }
    })
}

#[track_task]
async fn even(n: u8) -> bool {
    if n == 0 { true } else { Box::pin(odd(n - 1)).await }
}

#[track_task]
async fn odd(n: u8) -> bool {
    n != 0 && Box::pin(even(n - 1)).await
}

// Attributes that cache results.

#[track_tool]
fn returns_a_tuple(key: &str, cache: &Mutex<HashMap<String, Arc<str>>>) -> (Arc<str>, bool) {
    let mut cache = cache.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(text) = cache.get(key) {
        return (Arc::clone(text), true);
    }
    let text: Arc<str> = key.to_uppercase().into();
    cache.insert(key.to_owned(), Arc::clone(&text));
    (text, false)
}

#[track_tool]
fn borrows_or_owns<'t>(text: &'t str, wanted: &str) -> Cow<'t, str> {
    if text.contains(wanted) { text.replace(wanted, "").into() } else { text.into() }
}

// Servers and agents.

struct Parameters<T>(T);
struct Context<'c>(&'c str);
#[derive(Debug, PartialEq)]
struct ServerError;

struct Server;

impl Server {
    #[track_tool(tool_name = "served_tool")]
    async fn call_tool(
        &self,
        Parameters(args): Parameters<(u8, u8)>,
        context: Context<'_>,
    ) -> Result<String, ServerError> {
        let (a, b) = args;
        let sum = a.checked_add(b).ok_or(ServerError)?;
        Ok(format!("{} {sum}", context.0))
    }
}

trait Hook: Clone + Send + Sync {
    fn on_call(&self, prompt: &str, history: &[String]) -> impl Future<Output = usize> + Send;
}

#[derive(Clone)]
struct Counting(Arc<Mutex<usize>>);

impl Hook for Counting {
    #[track_tool(tool_name = "hooked")]
    fn on_call(&self, prompt: &str, history: &[String]) -> impl Future<Output = usize> + Send {
        let length = prompt.len() + history.len();
        let total = Arc::clone(&self.0);
        async move {
            let mut total = total.lock().unwrap_or_else(PoisonError::into_inner);
            *total += length;
            *total
        }
    }
}

#[derive(Default)]
struct Options<'o> {
    model: Option<&'o str>,
}

struct Client<T> {
    transport: T,
}

impl<T, Fut> Client<T>
where
    T: Fn(String) -> Fut,
    Fut: Future<Output = Result<Vec<u64>, Box<dyn Error>>>,
{
    #[track_llm(
        model = options.map_or("default_model", |options| options.model.unwrap_or("default_model")),
        usage = |counts: &Vec<u64>| Usage::new(counts[0], counts[1])
    )]
    async fn exec_chat(
        &self,
        request: impl AsRef<str>,
        options: Option<&Options<'_>>,
    ) -> Result<Vec<u64>, Box<dyn Error>> {
        let counts = (self.transport)(request.as_ref().to_owned()).await?;
        if counts.len() < 2 {
            return Err(format!("{} counts", counts.len()).into());
        }
        Ok(counts)
    }
}

type Handler = Box<dyn Fn(u8) -> Pin<Box<dyn Future<Output = u8> + Send>> + Send + Sync>;

#[track_tool]
fn registers(handlers: &mut Vec<(&'static str, Handler)>, name: &'static str) -> usize {
    handlers.push((name, Box::new(|n| Box::pin(async move { n + 1 }))));
    handlers.len()
}

#[test]
fn functions_of_other_attributes_are_counted() {
    let future = destructures((1, None), [2, 0, 3]);
    assert_eq!(tool("destructures").awaited("success", future), Some(6));
    let mut seen = String::new();
    let call = || takes_opaque("a", &mut |name| seen.push_str(name), &[1, 2]);
    assert_eq!(tool("takes_opaque").called("success", call), "a [1, 2]");
    assert_eq!(seen, "a");
    let future = breaks_with_a_value(vec![1, 3]);
    tool("breaks_with_a_value").awaited("error", future).expect_err("none is even");
    let found = tool("labelled").called("success", || labelled([[1, 2, 3], [4, 5, 6]], 5));
    assert_eq!(found, Some((1, 1)));
    let memory = Arc::new(Memory(Mutex::default()));
    let (key, mut texts) = (7, Vec::new());
    let load = Arc::clone(&memory).load(&key, &mut texts);
    assert_eq!(tool("load_by_arc").awaited("success", load), 2);
    assert_eq!(tool("locks").so_far(), [("success".to_owned(), 1)]);
    assert_eq!(tool("load_default").awaited("success", memory.load_default(123)), "12");
    assert_eq!(ready(recursive(&["ab", "c"], 1)), 6);
    assert_eq!(task("recursive").so_far(), [("success".to_owned(), 3)]);
    assert!(ready(even(4)));
    assert_eq!(task("odd").so_far(), [("success".to_owned(), 2)]);
}

#[test]
fn functions_of_caches_servers_and_agents_are_counted() {
    let cache = Mutex::default();
    let (text, hit) = tool("returns_a_tuple").called("success", || returns_a_tuple("a", &cache));
    assert_eq!((&*text, hit), ("A", false));
    let text = tool("borrows_or_owns").called("success", || borrows_or_owns("abc", &String::from("b")));
    assert_eq!(text, "ac");
    let future = Server.call_tool(Parameters((255, 1)), Context("sum"));
    assert_eq!(tool("served_tool").awaited("error", future), Err(ServerError));
    let hook = Counting(Arc::default());
    assert_eq!(tool("hooked").awaited("success", hook.on_call("abc", &[])), 3);
    let client = Client { transport: |request: String| async move { Ok(vec![request.len() as u64, 1]) } };
    let options = Options { model: Some("chosen_model") };
    let counts = llm("chosen_model").awaited("success", client.exec_chat("abc", Some(&options)));
    assert_eq!(counts.expect("two counts"), [3, 1]);
    llm("default_model").awaited("success", client.exec_chat(String::new(), None)).expect("two counts");
    let mut handlers = Vec::new();
    assert_eq!(tool("registers").called("success", || registers(&mut handlers, "a")), 1);
    assert_eq!(ready((handlers[0].1)(1)), 2);
}
