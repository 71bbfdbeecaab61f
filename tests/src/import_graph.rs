//! The imports between the source files of a crate, and the cycles among them.
//!
//! A file imports another when its code names an item that the other file defines: by a `use`, or by a path that begins
//! with `crate`, `self` or `super`. A path is followed through re-exports to the defining file. A re-export by itself is
//! no import, and neither is the declaration of a child module. Code under `#[cfg(test)]` is left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};
use syn::{Attribute, Item, ItemMod, ItemUse, UseTree, Visibility};

/// The files of a crate with their imports. Files are named by their path below the source folder.
#[derive(Debug)]
pub struct ImportGraph {
    modules: BTreeMap<Vec<String>, Module>,
    edges: BTreeMap<String, BTreeSet<String>>,
}

/// The parts of a module that resolving a path needs.
#[derive(Default, Debug)]
struct Module {
    file: String,
    /// Imported names with the path that each stands for, and whether the import is a re-export.
    names: BTreeMap<String, (Vec<String>, bool)>,
    globs: Vec<Vec<String>>,
    /// The names of the items that it defines.
    defined: BTreeSet<String>,
    /// Paths in code, relative to this module.
    paths: BTreeSet<Vec<String>>,
}

impl ImportGraph {
    /// Reads the crate whose `lib.rs` is in a folder. The files named in `roots` (`lib.rs` and the like) see every
    /// module by design; they resolve paths but import nothing.
    ///
    /// # Panics
    /// When a file can't be read or parsed.
    pub fn read(source: &Path, roots: &[&str]) -> Self {
        let mut files = Vec::new();
        list(source, source, &mut files);
        Self::new(files, roots)
    }

    /// The graph of some files, each a path below the source folder with its text.
    ///
    /// # Panics
    /// When a text isn't Rust.
    pub fn new(files: Vec<(String, String)>, roots: &[&str]) -> Self {
        let mut modules = BTreeMap::new();
        for (file, text) in files {
            let path = module_path(&file);
            let parsed = syn::parse_file(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
            collect(&mut modules, &file, &path, &parsed.items);
        }
        let mut graph = Self { modules, edges: BTreeMap::new() };
        graph.edges = graph.imports(roots);
        graph
    }

    fn imports(&self, roots: &[&str]) -> BTreeMap<String, BTreeSet<String>> {
        let mut edges: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (path, module) in &self.modules {
            let from = edges.entry(module.file.clone()).or_default();
            if roots.contains(&module.file.as_str()) {
                continue;
            }
            let imported = module.names.values().filter(|(_, is_reexport)| !is_reexport).map(|(to, _)| to);
            for to in imported.chain(&module.paths) {
                if let Some(file) = self.definition(path, to, 0)
                    && file != module.file
                    && !roots.contains(&file.as_str())
                {
                    from.insert(file);
                }
            }
        }
        edges
    }

    /// The file that defines the item of a path seen from a module; `None` for items of other crates.
    fn definition(&self, from: &[String], path: &[String], depth: usize) -> Option<String> {
        // Two globs may lead to each other.
        if depth > 16 {
            return None;
        }
        let (first, rest) = path.split_first()?;
        let module = self.modules.get(from)?;
        match first.as_str() {
            "crate" => self
                .definition(&[], rest, depth + 1)
                .or_else(|| rest.is_empty().then(|| self.modules[&vec![]].file.clone())),
            "self" => self.definition(from, rest, depth + 1).or_else(|| Some(module.file.clone())),
            "super" => {
                let parent = &from[..from.len().checked_sub(1)?];
                self.definition(parent, rest, depth + 1)
                    .or_else(|| Some(self.modules.get(parent)?.file.clone()))
            }
            name => {
                let child = [from, &[name.to_owned()]].concat();
                if let Some(known) = self.modules.get(&child) {
                    return self.definition(&child, rest, depth + 1).or_else(|| Some(known.file.clone()));
                }
                if let Some((to, _)) = module.names.get(name) {
                    let path = [to.as_slice(), rest].concat();
                    return self.definition(from, &path, depth + 1);
                }
                let glob = module.globs.iter().find_map(|glob| {
                    let target = self.module(from, glob)?;
                    let known = &self.modules[&target];
                    let has = known.names.contains_key(name) || known.defined.contains(name);
                    (target != from && has).then_some(target)
                });
                if let Some(target) = glob {
                    return self.definition(&target, path, depth + 1);
                }
                (depth > 0).then(|| module.file.clone())
            }
        }
    }

    /// The module of a path, if it is one.
    fn module(&self, from: &[String], path: &[String]) -> Option<Vec<String>> {
        let mut at = from.to_vec();
        for segment in path {
            match segment.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => drop(at.pop()?),
                name => at.push(name.to_owned()),
            }
        }
        self.modules.contains_key(&at).then_some(at)
    }

    /// The imports of each file.
    pub fn edges(&self) -> &BTreeMap<String, BTreeSet<String>> {
        &self.edges
    }

    /// Groups of files that import each other, directly or through others.
    pub fn file_cycles(&self) -> Vec<Vec<String>> {
        cycles(&self.edges)
    }

    /// Groups of top modules that import each other.
    pub fn top_module_cycles(&self) -> Vec<Vec<String>> {
        let mut tops: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in &self.edges {
            let from = top(from);
            let to = to.iter().map(|file| top(file)).filter(|to| *to != from);
            tops.entry(from.to_owned()).or_default().extend(to.map(str::to_owned));
        }
        cycles(&tops)
    }
}

/// The top module of a file: `metric` for `metric/counter.rs` and for `metric.rs`.
fn top(file: &str) -> &str {
    file.split_once('/').map_or_else(|| file.trim_end_matches(".rs"), |(folder, _)| folder)
}

fn list(source: &Path, folder: &Path, files: &mut Vec<(String, String)>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for entry in entries {
        let path = entry.expect("the folder can be listed").path();
        if path.is_dir() {
            list(source, &path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text =
                fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let name = path.strip_prefix(source).expect("it is below the folder");
            files.push((name.to_string_lossy().replace('\\', "/"), text));
        }
    }
}

/// The module path of a file: empty for `lib.rs`, `a::b` for `a/b.rs` and `a/b/mod.rs`.
fn module_path(file: &str) -> Vec<String> {
    let name = file.trim_end_matches(".rs");
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "lib" { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

fn collect(modules: &mut BTreeMap<Vec<String>, Module>, file: &str, path: &[String], items: &[Item]) {
    let mut module = Module { file: file.to_owned(), ..Module::default() };
    let mut inner = Vec::new();
    for item in items.iter().filter(|item| !is_test(attributes(item))) {
        match item {
            Item::Use(item) => add_use(&mut module, item),
            Item::Mod(ItemMod { content: Some((_, items)), ident, .. }) => {
                inner.push((ident.to_string(), items.as_slice()));
            }
            Item::Mod(_) => {}
            item => {
                if let Some(name) = name(item) {
                    module.defined.insert(name);
                }
                Paths(&mut module).visit_item(item);
            }
        }
    }
    modules.insert(path.to_vec(), module);
    for (name, items) in inner {
        collect(modules, file, &[path, &[name]].concat(), items);
    }
}

fn attributes(item: &Item) -> &[Attribute] {
    match item {
        Item::Mod(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Const(item) => &item.attrs,
        _ => &[],
    }
}

/// Whether an item is compiled for tests only.
fn is_test(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        let is_cfg = attribute.path().is_ident("cfg");
        is_cfg && attribute.meta.require_list().is_ok_and(|list| has_ident(list.tokens.clone(), "test"))
    })
}

fn has_ident(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == wanted,
        TokenTree::Group(group) => has_ident(group.stream(), wanted),
        _ => false,
    })
}

fn name(item: &Item) -> Option<String> {
    Some(match item {
        Item::Const(item) => item.ident.to_string(),
        Item::Enum(item) => item.ident.to_string(),
        Item::Fn(item) => item.sig.ident.to_string(),
        Item::Static(item) => item.ident.to_string(),
        Item::Struct(item) => item.ident.to_string(),
        Item::Trait(item) => item.ident.to_string(),
        Item::Type(item) => item.ident.to_string(),
        _ => return None,
    })
}

fn add_use(module: &mut Module, item: &ItemUse) {
    let is_reexport = !matches!(item.vis, Visibility::Inherited);
    add_tree(module, &item.tree, &mut Vec::new(), is_reexport);
}

fn add_tree(module: &mut Module, tree: &UseTree, path: &mut Vec<String>, is_reexport: bool) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            add_tree(module, &tree.tree, path, is_reexport);
            path.pop();
        }
        UseTree::Group(group) => {
            for tree in &group.items {
                add_tree(module, tree, path, is_reexport);
            }
        }
        UseTree::Glob(_) => {
            module.globs.push(path.clone());
            if !is_reexport {
                module.paths.insert(path.clone());
            }
        }
        UseTree::Name(tree) => add_name(module, path, &tree.ident.to_string(), None, is_reexport),
        UseTree::Rename(tree) => {
            add_name(module, path, &tree.ident.to_string(), Some(tree.rename.to_string()), is_reexport);
        }
    }
}

fn add_name(module: &mut Module, path: &[String], name: &str, rename: Option<String>, is_reexport: bool) {
    let mut to = path.to_vec();
    if name != "self" {
        to.push(name.to_owned());
    }
    let known = rename.unwrap_or_else(|| to.last().cloned().unwrap_or_default());
    // A trait imported as `_` has no name, but is imported all the same.
    let known = if known == "_" { format!("_{}", module.names.len()) } else { known };
    module.names.insert(known, (to, is_reexport));
}

/// Collects the paths in code.
struct Paths<'a>(&'a mut Module);

impl Paths<'_> {
    fn add(&mut self, path: Vec<String>) {
        // A lone lower-case name is most often a local variable, which may have the name of a module.
        if path.len() > 1 || path[0].starts_with(char::is_uppercase) {
            self.0.paths.insert(path);
        }
    }

    /// The paths in the tokens of a macro call.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) if colons == 2 && !path.is_empty() => {
                    path.push(ident.to_string());
                    colons = 0;
                }
                token => {
                    if !path.is_empty() {
                        self.add(std::mem::take(&mut path));
                    }
                    colons = 0;
                    match token {
                        TokenTree::Ident(ident) => path.push(ident.to_string()),
                        TokenTree::Group(group) => self.add_tokens(group.stream()),
                        _ => {}
                    }
                }
            }
        }
        if !path.is_empty() {
            self.add(path);
        }
    }
}

impl<'ast> Visit<'ast> for Paths<'_> {
    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.add(path.segments.iter().map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    /// The path of `pub(in path)` limits the visibility and imports nothing.
    fn visit_visibility(&mut self, _: &'ast Visibility) {}

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.add_tokens(call.tokens.clone());
    }

    fn visit_item_use(&mut self, item: &'ast ItemUse) {
        add_use(self.0, item);
    }
}

/// Groups of more than one node in which each can reach each other (Tarjan, SIAM J. Comput. 1, 1972).
fn cycles(edges: &BTreeMap<String, BTreeSet<String>>) -> Vec<Vec<String>> {
    struct Search<'a> {
        edges: &'a BTreeMap<String, BTreeSet<String>>,
        index: BTreeMap<&'a str, usize>,
        low: BTreeMap<&'a str, usize>,
        stack: Vec<&'a str>,
        found: Vec<Vec<String>>,
    }
    impl<'a> Search<'a> {
        fn visit(&mut self, node: &'a str) {
            let index = self.index.len();
            self.index.insert(node, index);
            self.low.insert(node, index);
            self.stack.push(node);
            for next in self.edges.get(node).into_iter().flatten() {
                if !self.index.contains_key(next.as_str()) {
                    self.visit(next);
                    self.low.insert(node, self.low[node].min(self.low[next.as_str()]));
                } else if self.stack.contains(&next.as_str()) {
                    self.low.insert(node, self.low[node].min(self.index[next.as_str()]));
                }
            }
            if self.low[node] == index {
                let from = self.stack.iter().position(|other| *other == node).expect("it is on the stack");
                let mut group: Vec<_> = self.stack.split_off(from).into_iter().map(str::to_owned).collect();
                group.sort();
                if group.len() > 1 {
                    self.found.push(group);
                }
            }
        }
    }
    let mut search =
        Search { edges, index: BTreeMap::new(), low: BTreeMap::new(), stack: Vec::new(), found: Vec::new() };
    for node in edges.keys() {
        if !search.index.contains_key(node.as_str()) {
            search.visit(node);
        }
    }
    search.found.sort();
    search.found
}
