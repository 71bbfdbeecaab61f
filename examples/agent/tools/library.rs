//! The documents that the agent may read: those built in, or a folder of the user's.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use super::search::Index;

/// The built-in documents, so that the example runs from any folder.
const BUILT_IN: &[(&str, &str)] = &[
    ("agents.md", include_str!("../docs/agents.md")),
    ("databases.md", include_str!("../docs/databases.md")),
    ("microservices.md", include_str!("../docs/microservices.md")),
    ("observability.md", include_str!("../docs/observability.md")),
    ("python.md", include_str!("../docs/python.md")),
    ("recipes.md", include_str!("../docs/recipes.md")),
    ("web-frameworks.md", include_str!("../docs/web-frameworks.md")),
];

/// A named text, Markdown or plain.
#[derive(Debug, Clone)]
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// Documents and the index over them. It never changes once it is built.
#[derive(Debug)]
pub(crate) struct Library {
    documents: Vec<Document>,
    index: Index,
}

impl Library {
    pub(crate) fn built_in() -> Self {
        let document =
            |&(name, text): &(&str, &str)| Document { name: name.to_owned(), text: text.to_owned() };
        Self::new(BUILT_IN.iter().map(document).collect())
    }

    /// The `.md` and `.txt` files of a folder, not of the folders in it.
    ///
    /// # Errors
    /// The folder or one of those files can't be read, or there are none.
    pub(crate) fn from_folder(folder: &Path) -> anyhow::Result<Self> {
        let entries =
            fs::read_dir(folder).with_context(|| format!("can't read the folder {}", folder.display()))?;
        let mut documents = Vec::new();
        for entry in entries {
            let path = entry?.path();
            if !path.is_file() || !path.extension().is_some_and(|ext| ext == "md" || ext == "txt") {
                continue;
            }
            let bytes = fs::read(&path).with_context(|| format!("can't read {}", path.display()))?;
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            documents.push(Document { name, text: String::from_utf8_lossy(&bytes).into_owned() });
        }
        if documents.is_empty() {
            bail!("the folder {} has no .md or .txt file", folder.display());
        }
        documents.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(Self::new(documents))
    }

    fn new(documents: Vec<Document>) -> Self {
        let index = Index::new(&documents);
        Self { documents, index }
    }

    pub(crate) fn index(&self) -> &Index {
        &self.index
    }

    pub(crate) fn document(&self, name: &str) -> Option<&Document> {
        self.documents.iter().find(|document| document.name == name)
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.documents.iter().map(|document| document.name.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_docs_folder_is_built_in() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("agent/docs");
        let on_disk = Library::from_folder(&folder).unwrap();
        assert!(on_disk.names().eq(Library::built_in().names()));
    }

    #[test]
    fn a_folder_that_is_not_there_is_named_in_the_error() {
        let error = Library::from_folder(Path::new("no-such-folder")).unwrap_err();
        assert!(error.to_string().contains("no-such-folder"), "{error}");
    }
}
