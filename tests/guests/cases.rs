// The test guests. A host test binary includes this file and gives `for_each_guest!` a macro that wants one
// item for each, e.g. `macro_rules! tested { ($($guest:ident),*) => { $(use self::$guest as _;)* }; }`: a guest without a
// test then does not compile. `cargo xtask guests` compares the list with the folders.
macro_rules! for_each_guest {
    ($each:ident) => {
        $each! {
            deny_reason,
            edge_classes,
            export_half,
            export_shape,
            fresh_counter,
            import_foreign,
            import_unwanted,
            leak_secret,
            limit_gate,
            limit_host_call,
            limit_memory,
            limit_output,
            limit_spin,
            metagraph_reads,
            priority_odd,
            probe_caller,
            probe_imports,
            reply_failures,
            reply_garbage,
            reply_head,
            stream_drips,
            stream_endless,
            stream_fails_after,
            stream_fails_before,
            stream_keeps,
            stream_silent,
            stream_words,
            swap_marked,
            swap_next,
            trap_gate,
            trap_panic,
            verify_denies,
            verify_traps,
            warm_init
        }
    };
}
