//! What can be wrong with a file of numbers.

use thiserror::Error;

/// A CSV file that can't be taken as a table of numbers.
#[derive(Clone, Debug, Error, PartialEq)]
#[non_exhaustive]
pub enum TableError {
    /// The file can't be opened.
    #[error("`{path}` can't be read: {message}; check the path, and that the file may be read")]
    Unreadable {
        /// The file.
        path: String,
        /// What the system says.
        message: String,
    },
    /// Something is wrong within a file.
    #[error("in `{path}`: {error}")]
    In {
        /// The file.
        path: String,
        /// What.
        error: Box<TableError>,
    },
    /// It is no CSV.
    #[error("this is no CSV: {message}")]
    Csv {
        /// What the reader says.
        message: String,
    },
    /// No numbers.
    #[error("there are no rows of numbers; a row a line is read, with commas between the numbers")]
    Empty,
    /// A row of another length.
    #[error("line {line} has {given} columns and those before it have {columns}")]
    Ragged {
        /// The line, from 1.
        line: u64,
        /// Its columns.
        given: usize,
        /// Those of the lines before.
        columns: usize,
    },
    /// A word among the numbers.
    #[error("line {line}, column {column}: `{text}` is no number; only the first line may have names")]
    NotANumber {
        /// The line, from 1.
        line: u64,
        /// The column, from 1.
        column: usize,
        /// What stands there.
        text: String,
    },
    /// A column asked for that is not there.
    #[error("there is no column `{column}`: {}", if names.is_empty() { format!("columns have numbers from 1 to {columns} and no names") } else { format!("columns are {}, or by number from 1 to {columns}", names.join(", ")) })]
    NoSuchColumn {
        /// The name or number asked for.
        column: String,
        /// The names there are.
        names: Vec<String>,
        /// How many columns there are.
        columns: usize,
    },
}
