//! Numbers from CSV files: starts, parameters and data.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use nalgebra::DMatrix;

use super::Starts;
use crate::error::{Result, TableError};

/// Numbers in rows and columns, with names where there is a header.
///
/// A file has commas between its numbers and a row a line; lines that begin with `#` are left out. Its first line is a header
/// if anything in it is no number.
///
/// ```
/// use manymin::Table;
///
/// let table = Table::parse("t,y\n0.0,4.1\n1.5,1.4\n")?;
/// assert_eq!((table.rows(), table.columns()), (2, 2));
/// assert_eq!(table.column("y")?, [4.1, 1.4]);
/// assert_eq!(table.column("1")?, [0.0, 1.5]);
/// # Ok::<(), manymin::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    names: Option<Vec<String>>,
    columns: usize,
    /// Row after row.
    values: Vec<f64>,
}

impl Table {
    /// The table in a file.
    ///
    /// # Errors
    /// [`TableError`] if it can't be read, has no rows, rows of different lengths, or something that is no number.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::read(file(path)?).map_err(|error| TableError::In { path: path.display().to_string(), error: Box::new(error) }.into())
    }

    /// The table in a text.
    ///
    /// # Errors
    /// As [`open`](Table::open).
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::read(text.as_bytes())?)
    }

    fn read(from: impl Read) -> Result<Self, TableError> {
        let mut rows = Rows::read(from)?;
        let values = rows.by_ref().collect::<Result<Vec<_>, _>>()?.concat();
        if values.is_empty() { Err(TableError::Empty) } else { Ok(Self { names: rows.names, columns: rows.columns, values }) }
    }

    /// How many rows there are, a header not counted.
    pub fn rows(&self) -> usize {
        self.values.len() / self.columns
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The columns' names, if there is a header.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// The numbers of row `row`, from 0.
    ///
    /// # Panics
    /// If there is no such row.
    pub fn row(&self, row: usize) -> &[f64] {
        &self.values[row * self.columns..][..self.columns]
    }

    /// The numbers of one column: by its name in the header, or its number from 1.
    ///
    /// # Errors
    /// [`TableError::NoSuchColumn`].
    pub fn column(&self, column: &str) -> Result<Vec<f64>> {
        let named = self.names.iter().flatten().position(|name| name == column);
        let numbered = || column.parse().ok().filter(|k| (1..=self.columns).contains(k)).map(|k: usize| k - 1);
        let Some(k) = named.or_else(numbered) else {
            return Err(TableError::NoSuchColumn {
                column: column.into(),
                names: self.names.clone().unwrap_or_default(),
                columns: self.columns,
            }
            .into());
        };
        Ok(self.values.chunks(self.columns).map(|row| row[k]).collect())
    }

    /// The rows as columns of a matrix, one a lane: what [`Starts::from_matrix`] and [`Starts::with_parameters`] take.
    pub fn lanes(&self) -> DMatrix<f64> {
        DMatrix::from_column_slice(self.columns, self.rows(), &self.values)
    }
}

/// The rows of a [`Table`], one after another as they are asked for: files larger than memory.
///
/// ```
/// use manymin::Rows;
///
/// let mut rows = Rows::read("a,b\n1,2\n3,4\n".as_bytes())?;
/// assert_eq!(rows.names(), Some(&["a".to_string(), "b".to_string()][..]));
/// assert_eq!(rows.next(), Some(Ok(vec![1.0, 2.0])));
/// # Ok::<(), manymin::Error>(())
/// ```
pub struct Rows<R> {
    records: csv::StringRecordsIntoIter<R>,
    names: Option<Vec<String>>,
    columns: usize,
    /// The first row, where it was read to see whether it is a header and is none.
    first: Option<Vec<f64>>,
}

impl<R> fmt::Debug for Rows<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rows").field("names", &self.names).field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Rows<File> {
    /// The rows in a file.
    ///
    /// # Errors
    /// [`TableError`] if it can't be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TableError> {
        Self::read(file(path.as_ref())?)
    }
}

impl<R: Read> Rows<R> {
    /// The rows that `from` brings.
    ///
    /// # Errors
    /// [`TableError`] if it can't be read.
    pub fn read(from: R) -> Result<Self, TableError> {
        let mut builder = csv::ReaderBuilder::new();
        let reader = builder.has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All).from_reader(from);
        let mut rows = Self { records: reader.into_records(), names: None, columns: 0, first: None };
        if let Some(record) = rows.records.next() {
            let record = record.map_err(csv_error)?;
            rows.columns = record.len();
            if record.iter().any(|word| word.parse::<f64>().is_err()) {
                rows.names = Some(record.iter().map(String::from).collect());
            } else {
                rows.first = Some(rows.numbers(&record)?);
            }
        }
        Ok(rows)
    }

    /// The columns' names, if there is a header.
    pub fn names(&self) -> Option<&[String]> {
        self.names.as_deref()
    }

    /// How many columns there are.
    pub fn columns(&self) -> usize {
        self.columns
    }

    fn numbers(&self, record: &csv::StringRecord) -> Result<Vec<f64>, TableError> {
        let line = record.position().map_or(0, csv::Position::line);
        if record.len() != self.columns {
            return Err(TableError::Ragged { line, given: record.len(), columns: self.columns });
        }
        let number = |(k, word): (usize, &str)| word.parse().map_err(|_| TableError::NotANumber { line, column: k + 1, text: word.into() });
        record.iter().enumerate().map(number).collect()
    }
}

impl<R: Read> Iterator for Rows<R> {
    type Item = Result<Vec<f64>, TableError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        let record = self.records.next()?;
        Some(record.map_err(csv_error).and_then(|record| self.numbers(&record)))
    }
}

fn file(path: &Path) -> Result<File, TableError> {
    File::open(path).map_err(|error| TableError::Unreadable { path: path.display().to_string(), message: error.to_string() })
}

fn csv_error(error: csv::Error) -> TableError {
    TableError::Csv { message: error.to_string() }
}

impl Starts {
    /// The rows of a CSV file, one a lane: see [`Table`].
    ///
    /// # Errors
    /// [`TableError`].
    pub fn from_csv(path: impl AsRef<Path>) -> Result<Self> {
        Ok(Self::from_matrix(Table::open(path)?.lanes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    fn fault(text: &str) -> TableError {
        match Table::parse(text) {
            Err(Error::Table(error)) => error,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn headers_comments_and_spaces_are_understood() {
        let table = Table::parse("# measured\n t , y\n 1, 2e3\n\n-3,inf\n").expect("a table");
        assert_eq!(table.names().expect("a header"), ["t", "y"]);
        assert_eq!((table.row(0), table.row(1)), (&[1.0, 2e3][..], &[-3.0, f64::INFINITY][..]));
        assert_eq!(Table::parse("1,2\n3,4").expect("a table").names(), None);
        assert_eq!(Table::parse("1,2\n3,4").expect("a table").lanes()[(0, 1)], 3.0, "a row is a lane");
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert_eq!(fault(""), TableError::Empty);
        assert_eq!(fault("t,y\n"), TableError::Empty);
        assert_eq!(fault("t,y\n1,2\n3\n"), TableError::Ragged { line: 3, given: 1, columns: 2 });
        assert_eq!(fault("1,2\n3,four\n"), TableError::NotANumber { line: 2, column: 2, text: "four".into() });
        let table = Table::parse("t,y\n1,2").expect("a table");
        for column in ["z", "0", "3"] {
            assert!(matches!(table.column(column), Err(Error::Table(TableError::NoSuchColumn { .. }))), "{column}");
        }
    }
}
