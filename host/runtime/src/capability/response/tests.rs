//! Tests of the streamed answer: its bounds, its end, and callers who take too little.

use super::*;
use bytesize::ByteSize;

fn budget() -> Budget {
    Budget { stream: ByteSize(1000), output: ByteSize(600), drain: Duration::from_millis(50), ..Budget::default() }
}

impl Outlet {
    async fn write_all(&mut self, chunk: Vec<u8>) -> wasmtime::Result<Result<(), WriteError>> {
        let size = chunk.len() as u64;
        self.write(chunk.into(), size).await
    }

    async fn send_all(&mut self, chunk: Vec<u8>) -> Result<(), Broken> {
        let size = chunk.len() as u64;
        self.send(chunk.into(), size).await
    }
}

#[tokio::test]
async fn pieces_come_out_until_the_budget_is_used_up_and_a_refused_write_is_the_last() {
    let (mut outlet, mut out) = Outlet::open(&budget());
    assert!(matches!(outlet.write_all(vec![1; 600]).await, Ok(Ok(()))));
    assert!(matches!(outlet.write_all(Vec::new()).await, Ok(Ok(()))));
    assert!(matches!(outlet.write_all(vec![2; 400]).await, Ok(Ok(()))));
    assert!(matches!(outlet.write_all(vec![3; 1]).await, Ok(Err(WriteError::Limit))));
    let error = outlet.write_all(vec![3; 1]).await.unwrap_err();
    assert_eq!(error.downcast_ref::<Exhausted>(), Some(&Exhausted::Stream));
    assert_eq!(outlet.broken(), Some(Broken::Limit));
    drop(outlet);
    let mut sizes = Vec::new();
    while let Some(piece) = out.recv().await {
        sizes.push(piece.bytes.len());
    }
    assert_eq!(sizes, [600, 400]);
}

#[tokio::test]
async fn a_piece_has_a_largest_size() {
    let (mut outlet, _out) = Outlet::open(&budget());
    assert!(matches!(outlet.write_all(vec![1; 601]).await, Ok(Err(WriteError::Limit))));
}

#[tokio::test]
async fn nobody_who_takes_is_not_the_same_as_nobody_there() {
    let roomy = Budget { stream: ByteSize::gib(1), output: ByteSize::mib(1), ..budget() };
    let (mut outlet, mut out) = Outlet::open(&roomy);
    assert!(matches!(outlet.write_all(vec![1; ROOM as usize]).await, Ok(Ok(()))));
    let start = Instant::now();
    assert!(matches!(outlet.write_all(vec![1]).await, Ok(Err(WriteError::Closed))));
    assert!(start.elapsed() >= roomy.drain);
    assert_eq!(outlet.broken(), Some(Broken::Stalled));

    let (mut next, next_out) = Outlet::open(&roomy);
    drop(next_out);
    assert!(matches!(next.write_all(vec![1]).await, Ok(Err(WriteError::Closed))));
    assert_eq!(next.broken(), Some(Broken::Gone));
    assert!(out.recv().await.is_some());
}

#[test]
fn over_any_span_of_waiting_the_least_rate_has_to_be_taken() {
    let (second, span) = (Duration::from_secs(1), Duration::from_secs(10));
    // Bytes taken in each second of waiting, and the second in which the stream is over; none when it goes on.
    let table: [(&[u64], Option<usize>); 6] = [
        (&[0; 12], Some(10)),
        (&[1000; 12], Some(10)),
        (&[1100; 40], None),
        // Half of it was taken at once, and long ago: only the last ten seconds count.
        (&[100_000, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], Some(11)),
        (&[0, 0, 0, 0, 0, 0, 0, 0, 10_240, 0, 0, 0, 0, 0, 0, 0, 0, 10_240, 0], None),
        (&[0, 0, 0, 0, 0, 0, 0, 0, 10_240, 0, 0, 0, 0, 0, 0, 0, 0, 10_000, 0, 0], Some(19)),
    ];
    for (seconds, expected) in table {
        let (mut drain, mut taken) = (Drain::new(span), 0);
        let over = seconds.iter().position(|bytes| {
            taken += bytes;
            drain.advance(second, taken);
            // One step is how exactly it is known.
            drain.left() <= span / STEPS
        });
        assert_eq!(over.map(|at| at + 1), expected, "{seconds:?}");
        assert!(drain.takes.len() <= STEPS as usize + 2);
    }
}

/// Each single piece is taken soon, but altogether it is next to nothing.
#[tokio::test]
async fn a_reader_that_takes_a_byte_now_and_then_is_a_stalled_one() {
    let (mut outlet, mut out) = Outlet::open(&Budget { drain: Duration::from_millis(400), ..Budget::default() });
    let reading = tokio::spawn(async move {
        while out.recv().await.is_some() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let start = Instant::now();
    while outlet.send_all(vec![1]).await.is_ok() {
        assert!(start.elapsed() < Duration::from_secs(10), "it goes on for ever");
    }
    assert!(start.elapsed() >= Duration::from_millis(400));
    drop(outlet);
    reading.abort();
}

#[tokio::test]
async fn a_large_write_goes_through_part_by_part_while_somebody_takes_enough() {
    let (mut outlet, mut out) = Outlet::open(&Budget { drain: Duration::from_millis(400), ..Budget::default() });
    let reading = tokio::spawn(async move {
        let mut sizes = Vec::new();
        while let Some(piece) = out.recv().await {
            sizes.push(piece.bytes.len());
            drop(piece);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        sizes
    });
    // 32 parts find room at once; the others wait for more than twice the time of the budget.
    outlet.send_all(vec![1; ROOM as usize + 50 * PART + 1]).await.unwrap();
    drop(outlet);
    let sizes = reading.await.unwrap();
    assert_eq!((sizes.len(), sizes.iter().sum()), (83, ROOM as usize + 50 * PART + 1));
}

#[tokio::test]
async fn waiting_for_the_caller_is_not_silence() {
    let patient = Budget { drain: Duration::from_secs(60), stream: ByteSize::gib(1), ..Budget::default() };
    let (mut outlet, mut out) = Outlet::open(&patient);
    let pulse = outlet.pulse();
    outlet.send_all(vec![1; ROOM as usize]).await.unwrap();
    let limit = Duration::from_millis(60);
    tokio::select! {
        sent = outlet.send_all(vec![1]) => panic!("{sent:?}"),
        () = pulse.silent(limit) => panic!("it waits"),
        () = tokio::time::sleep(3 * limit) => {}
    }
    drop(out.recv().await);
    outlet.send_all(vec![1]).await.unwrap();
    let start = Instant::now();
    pulse.silent(limit).await;
    assert!(start.elapsed() >= limit / 2);
}
