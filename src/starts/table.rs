//! Numbers from CSV files: starts, parameters and data.

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
        let failed = |error: std::io::Error| TableError::Unreadable { path: path.display().to_string(), message: error.to_string() };
        let file = std::fs::File::open(path).map_err(failed)?;
        Self::read(file).map_err(|error| TableError::In { path: path.display().to_string(), error: Box::new(error) }.into())
    }

    /// The table in a text.
    ///
    /// # Errors
    /// As [`open`](Table::open).
    pub fn parse(text: &str) -> Result<Self> {
        Ok(Self::read(text.as_bytes())?)
    }

    fn read(from: impl Read) -> Result<Self, TableError> {
        let mut reader =
            csv::ReaderBuilder::new().has_headers(false).flexible(true).comment(Some(b'#')).trim(csv::Trim::All).from_reader(from);
        let mut table = Self { names: None, columns: 0, values: Vec::new() };
        for record in reader.records() {
            let record = record.map_err(|error| TableError::Csv { message: error.to_string() })?;
            let line = record.position().map_or(0, csv::Position::line);
            let first = table.columns == 0;
            if first {
                table.columns = record.len();
            } else if record.len() != table.columns {
                return Err(TableError::Ragged { line, given: record.len(), columns: table.columns });
            }
            if first && record.iter().any(|word| word.parse::<f64>().is_err()) {
                table.names = Some(record.iter().map(String::from).collect());
                continue;
            }
            for (column, word) in record.iter().enumerate() {
                let value = word.parse().map_err(|_| TableError::NotANumber { line, column: column + 1, text: word.into() })?;
                table.values.push(value);
            }
        }
        if table.values.is_empty() { Err(TableError::Empty) } else { Ok(table) }
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
