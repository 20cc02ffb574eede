//! Says which tests were left out for want of something real. Its name makes it the last test program to run.

#[path = "support/left_out.rs"]
mod left_out;

#[test]
fn what_was_left_out() {
    let notes = left_out::all();
    for (test, why) in &notes {
        println!("left out: {test}: {why}");
    }
    assert!(!left_out::required() || notes.is_empty(), "left out: {notes:?}");
}
