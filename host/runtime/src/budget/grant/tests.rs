use super::*;

fn granted(text: &str) -> BudgetGrant {
    serde_json::from_str(text).unwrap()
}

fn asked(text: &str) -> BudgetRequest {
    serde_json::from_str(text).unwrap()
}

/// One row for each budget that both sides can name: wish, grant, and what comes of it.
#[test]
fn the_smaller_of_wish_and_grant_holds_and_the_default_needs_no_word() {
    let table = [
        ("memory", "", "", Ok("64MiB")),
        ("memory", "32MiB", "", Ok("32MiB")),
        ("memory", "128MiB", "", Err(("128MiB", "64MiB"))),
        ("memory", "128MiB", "256MiB", Ok("128MiB")),
        ("memory", "", "256MiB", Ok("256MiB")),
        ("memory", "", "16MiB", Ok("16MiB")),
        ("memory", "32MiB", "16MiB", Err(("32MiB", "16MiB"))),
        ("output", "1MiB", "", Ok("1MiB")),
        ("output", "5MiB", "", Err(("5MiB", "4MiB"))),
        ("output", "5MiB", "8MiB", Ok("5MiB")),
        ("wall", "", "", Ok("60s")),
        ("wall", "10s", "", Ok("10s")),
        ("wall", "600s", "", Err(("600s", "60s"))),
        ("wall", "600s", "10min", Ok("600s")),
        ("wall", "", "2min", Ok("120s")),
        ("wall", "60s", "30s", Err(("60s", "30s"))),
        ("forward-cpu", "", "", Ok("10s")),
        ("forward-cpu", "250ms", "", Ok("250ms")),
        ("forward-cpu", "20s", "", Err(("20s", "10s"))),
        ("forward-cpu", "20s", "1min", Ok("20s")),
        ("forward-cpu", "", "10min", Ok("600s")),
    ];
    for (key, wish, grant, expected) in table {
        let line = |value: &str| if value.is_empty() { "{}".to_owned() } else { format!(r#"{{"{key}": "{value}"}}"#) };
        let decided = Budget::decide(asked(&line(wish)), granted(&line(grant)));
        let shown = decided.map(|budget| match key {
            "memory" => soma_manifest::size::exact(budget.memory),
            "output" => soma_manifest::size::exact(budget.output),
            "wall" => format!("{:?}", budget.wall),
            _ => format!("{:?}", budget.forward_cpu),
        });
        let refused = |(asked, granted): (&str, &str)| {
            let granted = granted.to_owned();
            MoreThanGranted { key: leaked(key), asked: asked.to_owned(), granted }
        };
        assert_eq!(shown, expected.map(str::to_owned).map_err(refused), "{key} {wish:?} {grant:?}");
    }
}

/// The keys of the table are those that the code names.
fn leaked(key: &str) -> &'static str {
    ["memory", "output", "wall", "forward-cpu"].into_iter().find(|known| *known == key).unwrap()
}

#[test]
fn every_budget_that_the_operator_names_is_the_one_that_changes() {
    let usual = Budget::default();
    let ms = Duration::from_millis;
    let table = [
        (r#"{"memory": "1MiB"}"#, Budget { memory: ByteSize::mib(1), ..usual }),
        (r#"{"wall": "7s"}"#, Budget { wall: ms(7000), ..usual }),
        (r#"{"in-flight": 3}"#, Budget { in_flight: 3, streams: 3, ..usual }),
        (r#"{"queue": 9}"#, Budget { queue: 9, ..usual }),
        (r#"{"gate-cpu": "20ms"}"#, Budget { gate_cpu: ms(20), ..usual }),
        (r#"{"gate-wall": "2s"}"#, Budget { gate_wall: ms(2000), ..usual }),
        (r#"{"forward-cpu": "50ms"}"#, Budget { forward_cpu: ms(50), ..usual }),
        (r#"{"output": "1MiB"}"#, Budget { output: ByteSize::mib(1), ..usual }),
        (r#"{"stream": "1GiB"}"#, Budget { stream: ByteSize::gib(1), ..usual }),
        (r#"{"idle": "90s"}"#, Budget { idle: ms(90_000), ..usual }),
        (r#"{"drain": "3s"}"#, Budget { drain: ms(3000), ..usual }),
        (r#"{"log-line": "2KiB"}"#, Budget { log_line: 2048, ..usual }),
        (r#"{"log-call": "1MiB"}"#, Budget { log_call: 1 << 20, ..usual }),
        (r#"{"host-call": "1MiB"}"#, Budget { host_call: ByteSize::mib(1), ..usual }),
        (r#"{"handles": 10}"#, Budget { handles: 10, ..usual }),
        (r#"{"traps": "unlimited"}"#, Budget { traps: Traps::Unlimited, ..usual }),
    ];
    for (text, expected) in table {
        assert_eq!(Budget::decide(BudgetRequest::default(), granted(text)), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_budget_is_refused() {
    for text in [r#"{"memory": 64}"#, r#"{"wall": "1h"}"#, r#"{"queue": 0}"#, r#"{"table": 5}"#, r#"{"stack": "1MiB"}"#]
    {
        assert!(serde_json::from_str::<BudgetGrant>(text).is_err(), "{text}");
    }
}

#[test]
fn what_cannot_be_granted_is_refused_and_not_cut() {
    for key in ["wall", "gate-cpu", "gate-wall", "forward-cpu", "idle", "drain"] {
        let line = |value: &str| format!(r#"{{"{key}": "{value}"}}"#);
        assert!(serde_json::from_str::<BudgetGrant>(&line("600s")).is_ok(), "{key}");
        let error = serde_json::from_str::<BudgetGrant>(&line("601s")).unwrap_err().to_string();
        assert!(error.starts_with("at most \"600s\" can be granted"), "{key}: {error}");
    }
    assert_eq!(granted(r#"{"memory": "4GiB"}"#).memory, Some(ByteSize::gib(4)));
    let error = serde_json::from_str::<BudgetGrant>(r#"{"memory": "5GiB"}"#).unwrap_err().to_string();
    assert!(error.starts_with("at most \"4GiB\" can be granted"), "{error}");
}
