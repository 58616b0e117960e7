//! Whole-process benchmark: `cargo bench -- [--vs PROGRAM] [--tree DIR=PATH ...] [--runs N] [--only NAME] [--kfm PATH]`.
//!
//! Runs `kfm build` and, where `--vs` names one (`--vs 'kubectl kustomize'`, `--vs 'kustomize build'`), a second
//! program in turn over the generated shapes and over directories given by `--tree`; prints medians of wall and
//! processor time and the peak of memory, and the growth from one size of a shape to the next: of the least processor
//! time of all runs, because other programs disturb that the least. With `--instructions` it counts instructions by
//! valgrind's callgrind instead, a figure that noise does not touch.
//!
//! The trees are written by processes of their own (`--write SHAPE SIZE`): the peak of a child is not below that of the
//! process that starts it.

#![allow(
    clippy::print_stdout,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a program for developers"
)]

mod shapes;

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use wait4::Wait4;

struct Options {
    kfm: PathBuf,
    other: Option<Vec<String>>,
    trees: Vec<PathBuf>,
    runs: usize,
    only: Option<String>,
    /// Sizes above this are left to kfm alone: the second program may take hours.
    other_limit: usize,
    instructions: bool,
}

struct Figures {
    wall: Duration,
    cpu: Duration,
    /// Bytes.
    peak: u64,
    printed: u64,
}

fn main() {
    let top = std::env::temp_dir().join("kfm-bench");
    let given: Vec<String> = std::env::args().collect();
    if let [_, write, name, size] = given.as_slice()
        && write == "--write"
    {
        let shape = shapes::SHAPES.iter().find(|s| s.name == name).expect("a known shape");
        shape.write(&top, size.parse().expect("a size")).expect("the temporary directory can be written to");
        return;
    }
    let options = options();
    println!(
        "| what | size | kfm wall ms | cpu ms | peak MB | growth of cpu | other wall ms | peak MB | ratio wall | ratio memory |"
    );
    println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
    for tree in &options.trees {
        row(&options, &tree.display().to_string(), 1, tree, None);
    }
    for shape in shapes::SHAPES.iter().filter(|s| options.only.as_deref().is_none_or(|o| o == s.name)) {
        let mut before: Option<(usize, f64)> = None;
        for &size in shape.sizes {
            let own = std::env::current_exe().expect("the path of this program");
            let written =
                Command::new(own).args(["--write", shape.name, &size.to_string()]).status().expect("a child");
            assert!(written.success(), "`{}` could not be written", shape.name);
            let cost = row(&options, shape.name, size, &shape.directory(&top, size), before);
            before = Some((size, cost));
        }
    }
    for shape in shapes::SHAPES {
        println!("\n`{}`: {}", shape.name, shape.about);
    }
}

fn options() -> Options {
    let mut options = Options {
        kfm: PathBuf::from(env!("CARGO_BIN_EXE_kfm")),
        other: None,
        trees: vec![],
        runs: 5,
        only: None,
        other_limit: 2_000,
        instructions: false,
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let mut value = || args.next().unwrap_or_default();
        match arg.as_str() {
            "--kfm" => options.kfm = value().into(),
            "--vs" => options.other = Some(value().split_whitespace().map(str::to_owned).collect()),
            "--tree" => options.trees.push(value().into()),
            "--runs" => options.runs = value().parse().unwrap_or(5).max(1),
            "--only" => options.only = Some(value()),
            "--other-limit" => options.other_limit = value().parse().unwrap_or(2_000),
            "--instructions" => options.instructions = true,
            _ => {}
        }
    }
    options
}

/// Measures one directory and prints its row; gives kfm's least processor time in milliseconds, or its instructions.
fn row(options: &Options, name: &str, size: usize, directory: &Path, before: Option<(usize, f64)>) -> f64 {
    let kfm = [options.kfm.display().to_string(), "build".to_owned()];
    if options.instructions {
        let count = instructions(&kfm, directory).unwrap_or(0.0) / 1e6;
        println!("| {name} | {size} | {count:.1} million instructions | {} |", growth(before, size, count));
        return count;
    }
    let other = options.other.as_ref().filter(|_| size <= options.other_limit);
    let (mut own, mut theirs) = (vec![], vec![]);
    for i in 0..=options.runs {
        let figures = measure(&kfm, directory);
        let second = other.map(|o| measure(o, directory));
        // The first run warms the caches.
        if i > 0 {
            own.push(figures);
            theirs.extend(second);
        }
    }
    let ms =
        |f: &[Figures], pick: fn(&Figures) -> Duration| median(f.iter().map(|x| pick(x).as_secs_f64() * 1e3));
    let mb = |f: &[Figures]| median(f.iter().map(|x| x.peak as f64 / 1e6));
    let wall = ms(&own, |f| f.wall);
    let cost = own.iter().map(|f| f.cpu.as_secs_f64() * 1e3).fold(f64::INFINITY, f64::min);
    let growth = growth(before, size, cost);
    print!("| {name} | {size} | {wall:.1} | {:.1} | {:.1} | {growth} ", ms(&own, |f| f.cpu), mb(&own));
    if theirs.is_empty() {
        println!("| - | - | - | - |");
    } else {
        assert!(
            own.iter().zip(&theirs).all(|(a, b)| a.printed > 0 && b.printed > 0),
            "a program printed nothing"
        );
        let other_wall = ms(&theirs, |f| f.wall);
        println!(
            "| {other_wall:.1} | {:.1} | {:.1} | {:.1} |",
            mb(&theirs),
            other_wall / wall,
            mb(&theirs) / mb(&own)
        );
    }
    cost
}

/// How much more a size costs than the one before.
fn growth(before: Option<(usize, f64)>, size: usize, cost: f64) -> String {
    before.map_or("-".to_owned(), |(s, c)| format!("{:.2} for {:.1}x", cost / c, size as f64 / s as f64))
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut all: Vec<f64> = values.collect();
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or(0.0)
}

fn measure(program: &[String], directory: &Path) -> Figures {
    let start = Instant::now();
    let mut child = Command::new(&program[0])
        .args(&program[1..])
        .arg(directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program can be started");
    let mut printed = 0;
    let mut buffer = vec![0; 1 << 20];
    if let Some(out) = child.stdout.as_mut() {
        while let Ok(n @ 1..) = out.read(&mut buffer) {
            printed += n as u64;
        }
    }
    let used = child.wait4().expect("a child that was started").rusage;
    Figures { wall: start.elapsed(), cpu: used.utime + used.stime, peak: used.maxrss, printed }
}

fn instructions(program: &[String], directory: &Path) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
        .args(program)
        .arg(directory)
        .arg("--threads=1")
        .stdout(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    let line = text.lines().find(|l| l.contains("Collected"))?;
    line.split_whitespace().last()?.parse().ok()
}
