//! The data files of NIST's StRD for nonlinear regression: text for people, with sections in a fixed order.

use super::Result;

/// What a file holds.
pub(crate) struct DataSet {
    pub(crate) name: String,
    /// The two sides of the model's equation, without the error term: `y` and `b1*(1-exp[-b2*x])`.
    pub(crate) response: String,
    pub(crate) model: String,
    /// b1, b2, ...
    pub(crate) parameters: Vec<Parameter>,
    /// The certified residual sum of squares.
    pub(crate) residual: f64,
    /// The certified residual standard deviation.
    pub(crate) residual_deviation: f64,
    /// The observations, a column each of the response and the predictors, with their names.
    pub(crate) columns: Vec<(String, Vec<f64>)>,
}

/// A parameter of the model.
pub(crate) struct Parameter {
    /// NIST's two starting points: the first is far, the second near.
    pub(crate) starts: [f64; 2],
    pub(crate) certified: f64,
    /// The certified standard deviation of the estimate.
    pub(crate) deviation: f64,
}

impl DataSet {
    /// Reads the text of a file.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        let (response, model) = equation(&lines)?;
        let mut parameters = Vec::new();
        while let Some(line) = lines.iter().find(|line| is_about(line, &format!("b{}", parameters.len() + 1))) {
            parameters.push(parameter(line)?);
        }
        if parameters.is_empty() {
            return Err("there are no starting values: lines such as `b1 = 500 250 2.3894212918E+02 2.7070075241E+00`".into());
        }
        let (residual, residual_deviation) =
            (certified(&lines, "Residual Sum of Squares:")?, certified(&lines, "Residual Standard Deviation:")?);
        let name = after(&lines, "Dataset Name:")?.split_whitespace().next().unwrap_or("unnamed").to_string();
        Ok(Self { name, response, model, parameters, residual, residual_deviation, columns: columns(&lines)? })
    }

    /// How many observations there are.
    pub(crate) fn observations(&self) -> usize {
        self.columns[0].1.len()
    }
}

/// What follows `label` in the first line that begins with it.
fn after<'t>(lines: &[&'t str], label: &str) -> Result<&'t str> {
    let found = lines.iter().find_map(|line| line.strip_prefix(label));
    found.ok_or_else(|| format!("there is no line `{label}`: this is not a NIST StRD file for nonlinear regression").into())
}

/// Whether a line reads `name = ...`.
fn is_about(line: &str, name: &str) -> bool {
    line.split_once('=').is_some_and(|(left, _)| left.trim() == name)
}

/// The sides of the model's equation, which ends in `+ e` and may take several lines. One that says what pi is may come
/// before it.
fn equation(lines: &[&str]) -> Result<(String, String)> {
    let section = lines.iter().skip_while(|line| !line.starts_with("Model:"));
    let begun = section.skip_while(|line| !line.contains('=') || is_about(line, "pi"));
    let text = begun.take_while(|line| !line.is_empty()).copied().collect::<Vec<_>>().join(" ");
    let (response, model) = text.split_once('=').ok_or("there is no equation below `Model:`")?;
    let model = model.trim_end().strip_suffix('e').and_then(|model| model.trim_end().strip_suffix('+'));
    let model = model.ok_or_else(|| format!("the model `{text}` does not end in the error term `+ e`"))?;
    Ok((response.trim().into(), model.trim().into()))
}

/// The parameter of a line: two starts, the certified value and its standard deviation.
fn parameter(line: &str) -> Result<Parameter> {
    let values = line.split_once('=').map_or("", |sides| sides.1);
    match numbers(values)?[..] {
        [first, second, certified, deviation] => Ok(Parameter { starts: [first, second], certified, deviation }),
        _ => Err(format!("`{line}` has not two starts, a certified value and its standard deviation").into()),
    }
}

/// The number that follows `label`.
fn certified(lines: &[&str], label: &str) -> Result<f64> {
    match numbers(after(lines, label)?)?[..] {
        [value] => Ok(value),
        _ => Err(format!("`{label}` takes one number").into()),
    }
}

/// The columns of observations, which stand below the last line that begins with `Data:` and names them.
fn columns(lines: &[&str]) -> Result<Vec<(String, Vec<f64>)>> {
    let header = lines.iter().rposition(|line| line.starts_with("Data:")).ok_or("there is no line `Data:`")?;
    let names = lines[header].split_whitespace().skip(1);
    let mut columns: Vec<(String, Vec<f64>)> = names.map(|name| (name.to_string(), Vec::new())).collect();
    for line in lines[header + 1..].iter().filter(|line| !line.is_empty()) {
        let values = numbers(line)?;
        if values.len() != columns.len() {
            return Err(format!("`{line}` has {} numbers for {} columns", values.len(), columns.len()).into());
        }
        columns.iter_mut().zip(values).for_each(|(column, value)| column.1.push(value));
    }
    if columns.first().is_none_or(|column| column.1.is_empty()) {
        return Err("there are no observations below `Data:`".into());
    }
    Ok(columns)
}

/// The numbers that a text is made of.
fn numbers(text: &str) -> Result<Vec<f64>> {
    let number = |word: &str| word.parse().map_err(|_| format!("`{word}` should be a number, in `{}`", text.trim()).into());
    text.split_whitespace().map(number).collect()
}
