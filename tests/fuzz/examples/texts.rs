//! Writes the problem files and the texts of the tests into the directory that is its argument: what a fuzzer begins with.

use std::fs;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let directory = PathBuf::from(std::env::args().nth(1).ok_or("give a directory")?);
    fs::create_dir_all(&directory)?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut texts = Vec::new();
    for path in files(&root.join("examples/problems"), "wgsl")? {
        texts.push(fs::read_to_string(path)?);
    }
    for path in files(&root.join("tests/suite/wgsl_frontend"), "rs")? {
        texts.extend(objectives(&fs::read_to_string(path)?));
    }
    for (k, text) in texts.iter().enumerate() {
        fs::write(directory.join(format!("{k}.wgsl")), text)?;
    }
    println!("{} texts", texts.len());
    Ok(())
}

/// The files of a folder whose names end so.
fn files(folder: &Path, extension: &str) -> std::io::Result<Vec<PathBuf>> {
    let paths: std::io::Result<Vec<PathBuf>> = fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    Ok(paths?.into_iter().filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

/// Strings of a test that are objectives, or what one may consist of.
fn objectives(test: &str) -> impl Iterator<Item = String> + '_ {
    // No string holds a quotation mark: every second piece is one.
    test.split('"').skip(1).step_by(2).filter(|text| text.contains("return")).map(|text| {
        let text = text.replace("{{", "{").replace("}}", "}").replace("\\n", "\n");
        let whole = text.contains("fn objective");
        if whole { text } else { format!("fn objective(x: array<f32, 3>, p: array<f32, 2>) -> f32 {{\n{text}\n}}") }
    })
}
