//! The summary: what each allocator takes for each script, in time and in memory.

use super::script::{Kind, Script};
use super::subject::SUBJECTS;

/// Measurements of each subject on each script. All subjects take turns, so that a slow moment meets all of them.
const ROUNDS: usize = 21;

/// The subjects that are not heapwalk start here.
const PEERS: usize = 2;
/// The peer whose footprint heapwalk's is compared with.
const DLMALLOC: usize = 2;

type PerSubject = [f64; SUBJECTS.len()];

/// What one script showed.
struct Row<'a> {
    script: &'a Script,
    /// Median nanoseconds a call.
    time: PerSubject,
    /// heapwalk's time over the fastest peer's: lower quartile, median and upper quartile over the rounds.
    ratio: [f64; 3],
    /// Peak footprint in bytes.
    footprint: PerSubject,
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let values = sorted(values);
    values[values.len() / 2]
}

fn mean_of_logs(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0), |(sum, count), value| {
        (sum + value.ln(), count + 1)
    });
    (sum / f64::from(count)).exp()
}

impl Row<'_> {
    fn measure(script: &Script) -> Row<'_> {
        let mut players = SUBJECTS.map(|(_, warm)| warm(script));
        let rounds: Vec<PerSubject> = (0..ROUNDS)
            .map(|_| players.each_mut().map(|player| player.measure()))
            .collect();
        let time = std::array::from_fn(|subject| median(rounds.iter().map(|round| round[subject])));
        // The same peer in every round: the one that is fastest by its median.
        let fastest = (PEERS..SUBJECTS.len())
            .min_by(|&a, &b| f64::total_cmp(&time[a], &time[b]))
            .unwrap_or(PEERS);
        let ratios = sorted(rounds.iter().map(|round| round[0] / round[fastest]));
        Row {
            script,
            time,
            ratio: [1, 2, 3].map(|quarter| ratios[ratios.len() * quarter / 4]),
            footprint: players
                .each_ref()
                .map(|player| player.peak_footprint() as f64),
        }
    }

    fn growth(&self) -> f64 {
        self.footprint[0] / self.footprint[DLMALLOC]
    }

    fn print(&self) {
        let [low, middle, high] = self.ratio;
        let name = &self.script.name;
        print!("{name:24}");
        for time in self.time {
            print!(" {time:>10.2}");
        }
        print!("  {middle:>5.2} ({low:.2}-{high:.2}) |");
        for footprint in self.footprint {
            let used = self.script.peak_payload as f64 / footprint * 100.0;
            print!(" {used:>5.1}");
        }
        println!(
            "  {:>9.0}  {:.3}",
            self.footprint[0] / 1024.0,
            self.growth()
        );
    }
}

/// Measures all scripts and prints the table.
pub(crate) fn print_table(scripts: &[Script]) {
    println!(
        "\nns a call: medians of {ROUNDS} rounds; ratio: heapwalk to the fastest peer (quartiles)"
    );
    println!(
        "used: peak live payload / peak footprint in %; KiB: heapwalk's footprint, tables included; x dl: over dlmalloc's"
    );
    print!("{:24}", "");
    for (name, _) in SUBJECTS {
        // "heapwalk (defaults)" without its parentheses.
        print!(
            " {:>10}",
            name.trim_start_matches("heapwalk (").trim_end_matches(')')
        );
    }
    println!("  ratio             | used: in the same order       KiB   x dl");
    let rows: Vec<Row<'_>> = scripts
        .iter()
        .map(|script| {
            let row = Row::measure(script);
            row.print();
            row
        })
        .collect();
    print_means("seeded", &rows, |kind| kind == Kind::Seeded);
    print_means("samples", &rows, |kind| kind == Kind::Sample);
    print_means("files", &rows, |kind| kind == Kind::File);
    print_means("seeded and files", &rows, |kind| kind != Kind::Sample);
}

fn print_means(name: &str, rows: &[Row<'_>], wanted: impl Fn(Kind) -> bool) {
    let rows: Vec<&Row<'_>> = rows.iter().filter(|row| wanted(row.script.kind)).collect();
    if rows.is_empty() {
        return;
    }
    let ratio = mean_of_logs(rows.iter().map(|row| row.ratio[1]));
    let growth = mean_of_logs(rows.iter().map(|row| row.growth()));
    println!(
        "geometric mean, {name}: time {ratio:.2} x fastest peer, footprint {growth:.3} x dlmalloc"
    );
}
