//! In which language a plugin is written.

use std::fmt;
use std::fs;
use std::path::Path;

use crate::error::ToolchainError;

/// A language that plugins can be built from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// A crate: `Cargo.toml`.
    Rust,
    /// `pyproject.toml` or a `*.py` file.
    Python,
    /// `package.json`. JavaScript too.
    TypeScript,
    /// A `*.c` file.
    C,
}

impl Language {
    /// Every language.
    pub const ALL: [Language; 4] = [Language::Rust, Language::Python, Language::TypeScript, Language::C];

    /// The language of the plugin in `folder`, by the files that lie directly in it.
    ///
    /// # Errors
    /// `NoLanguage` and `SeveralLanguages` with what was looked for; `File` when the folder can't be read.
    pub fn of(folder: &Path) -> Result<Language, ToolchainError> {
        let mut names = Vec::new();
        for entry in fs::read_dir(folder).map_err(ToolchainError::file("read", folder))? {
            let path = entry.map_err(ToolchainError::file("read", folder))?.path();
            if path.is_file() {
                names.push(path.file_name().unwrap_or_default().to_string_lossy().into_owned());
            }
        }
        // The order of a folder is the file system's; an error should name the same file each time.
        names.sort();
        let found: Vec<(Language, &String)> =
            Language::ALL.iter().filter_map(|language| Some((*language, language.mark(&names)?))).collect();
        match found.as_slice() {
            [(language, _)] => Ok(*language),
            [] => {
                let looked_for = Language::ALL.map(|language| format!("no {}", language.marks())).join(", ");
                Err(ToolchainError::NoLanguage { folder: folder.to_owned(), looked_for })
            }
            several => {
                let found: Vec<String> =
                    several.iter().map(|(language, name)| format!("{name} ({language})")).collect();
                Err(ToolchainError::SeveralLanguages { folder: folder.to_owned(), found: found.join(" and ") })
            }
        }
    }

    /// The name for a person.
    pub fn name(self) -> &'static str {
        match self {
            Language::Rust => "Rust",
            Language::Python => "Python",
            Language::TypeScript => "TypeScript",
            Language::C => "C",
        }
    }

    /// What lies in the folder of such a plugin.
    fn marks(self) -> &'static str {
        match self {
            Language::Rust => "Cargo.toml",
            Language::Python => "*.py or pyproject.toml",
            Language::TypeScript => "package.json",
            Language::C => "*.c",
        }
    }

    /// The first file that is one of its marks.
    fn mark(self, names: &[String]) -> Option<&String> {
        names.iter().find(|name| match self {
            Language::Rust => name.as_str() == "Cargo.toml",
            Language::Python => name.as_str() == "pyproject.toml" || name.ends_with(".py"),
            Language::TypeScript => name.as_str() == "package.json",
            Language::C => name.ends_with(".c"),
        })
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(files: &[&str]) -> Result<Language, ToolchainError> {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            fs::write(folder.path().join(file), "").unwrap();
        }
        Language::of(folder.path())
    }

    #[test]
    fn is_seen_from_what_lies_in_the_folder() {
        for (files, language) in [
            (&["Cargo.toml", "plugin.toml", "README.md"][..], Language::Rust),
            (&["app.py", "plugin.toml"], Language::Python),
            (&["pyproject.toml"], Language::Python),
            (&["package.json", "plugin.ts"], Language::TypeScript),
            (&["plugin.c", "gate.c", "gate.h"], Language::C),
        ] {
            assert_eq!(of(files).unwrap(), language, "{files:?}");
        }
    }

    #[test]
    fn says_what_was_looked_for_and_what_was_found() {
        let none = of(&["plugin.toml"]).unwrap_err();
        for word in ["no Cargo.toml", "no *.py or pyproject.toml", "no package.json", "no *.c"] {
            assert!(none.to_string().contains(word), "{none}");
        }
        let several = of(&["plugin.c", "Cargo.toml", "b.py", "a.py"]).unwrap_err();
        assert!(several.to_string().contains("Cargo.toml (Rust) and a.py (Python) and plugin.c (C)"), "{several}");
        assert!(matches!(Language::of(Path::new("not/there")), Err(ToolchainError::File { .. })));
    }
}
