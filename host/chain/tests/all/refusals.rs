//! What the chain itself refuses, in its pool or in a block, by name. Each call was fine when it was planned, and the
//! chain changed before it was sent.

use soma_chain::dispatch::Layer as Where;
use soma_chain::write::{AddStake, Register, ServeAxon, SetWeights};
use soma_chain::{Request, WriteError};
use soma_localnet::{Change, Fault, Layer, Switch};

use crate::fixture::{Chain, NETUID, alpha, key, public};

/// A request, what changes after it was planned, and the names that the pool and the block give to it.
struct Case {
    who: &'static str,
    request: Request,
    change: Change,
    pool: &'static str,
    block: &'static str,
    passes: bool,
}

impl Case {
    fn new(
        (who, request): (&'static str, Request),
        change: Change,
        (pool, block): (&'static str, &'static str),
        passes: bool,
    ) -> Self {
        Self { who, request, change, pool, block, passes }
    }
}

fn cases() -> Vec<Case> {
    let netuid = NETUID;
    let serve = || ("//m2", Request::ServeAxon(ServeAxon::new(netuid, "127.0.0.2:2".parse().unwrap())));
    let stake = || ("//Bob", Request::AddStake(AddStake::new(netuid, key("//m2"), alpha(10))));
    let register = || ("//Bob", Request::Register(Register::new(netuid, key("//new"))));
    let fast = Change::ServingRateLimit { netuid, blocks: 50 };
    let poor = Change::Balance { account: public("//Bob"), rao: alpha(5) };
    let dear = Change::Burn { netuid, rao: alpha(2_000_000) };
    let closed = Change::Registration { netuid, allowed: Switch::Off };
    let there = Change::Register { netuid, hotkey: public("//new"), coldkey: public("//Bob") };
    let mut cases = vec![
        Case::new(serve(), fast, ("ServingRateLimitExceeded", "ServingRateLimitExceeded"), true),
        Case::new(stake(), poor, ("BalanceTooLow", "NotEnoughBalanceToStake"), false),
        Case::new(register(), dear, ("BalanceTooLow", "NotEnoughBalanceToStake"), false),
        Case::new(register(), closed, ("BadRequest", "SubNetRegistrationDisabled"), true),
        Case::new(register(), there, ("BadRequest", "HotKeyAlreadyRegisteredInSubNet"), false),
    ];
    cases.extend(weights());
    cases
}

fn weights() -> Vec<Case> {
    let netuid = NETUID;
    let set = || ("//v0", Request::SetWeights(SetWeights::new(netuid, vec![(2, 0.5), (3, 0.5)])));
    let fast = Change::WeightsRateLimit { netuid, blocks: 500 };
    let committed = Change::CommitReveal { netuid, enabled: Switch::On };
    let newer = Change::WeightsVersionKey { netuid, key: 9 };
    let barred = Change::Permit { netuid, uid: 0, permit: Switch::Off };
    let poor = Change::StakeThreshold { rao: alpha(5000) };
    let few = Change::MinAllowedWeights { netuid, weights: 4 };
    vec![
        Case::new(set(), fast, ("RateLimitExceeded", "SettingWeightsTooFast"), true),
        Case::new(set(), committed, ("BadRequest", "CommitRevealEnabled"), false),
        Case::new(set(), newer, ("BadRequest", "IncorrectWeightVersionKey"), false),
        Case::new(set(), barred, ("BadRequest", "NeuronNoValidatorPermit"), false),
        Case::new(set(), poor, ("StakeAmountTooLow", "NotEnoughStakeToSetWeights"), false),
        Case::new(set(), few, ("BadRequest", "WeightVecLengthIsLow"), false),
    ]
}

/// A chain on which a first address and first weights are, so that second ones can come too fast.
async fn chain(layer: Layer) -> Chain {
    let chain = Chain::with_neurons(layer).await;
    let address = ServeAxon::new(NETUID, "127.0.0.2:1".parse().unwrap());
    chain.write("//m2", Request::ServeAxon(address)).await.unwrap();
    let weights = SetWeights::new(NETUID, vec![(2, 1.0)]);
    chain.write("//v0", Request::SetWeights(weights)).await.unwrap();
    chain
}

/// How many extrinsics it has to begin with.
const BEFORE: usize = 2;

#[tokio::test(flavor = "multi_thread")]
async fn the_pool_refuses_by_name_and_nothing_is_on_the_chain() {
    for Case { who, request, change, pool, passes, .. } in cases() {
        let chain = chain(Layer::Pool).await;
        let plan = chain.plan(who, request).await;
        chain.change(change);
        let error = chain.send(who, &plan).await.unwrap_err();
        let WriteError::Refused { fault, .. } = &error else { panic!("{plan}: {error:?}") };
        assert_eq!((fault.name.as_str(), fault.layer), (pool, Where::Pool), "{plan}");
        assert!(!fault.cause.is_empty() && !fault.remedy.is_empty());
        // BadRequest stands for many causes, which the pool does not tell.
        assert!(pool == "BadRequest" || error.passes() == passes, "{plan}: {error}");
        assert_eq!((chain.extrinsics().await, chain.waiting().await, chain.kept()), (BEFORE, 0, 0), "{plan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_refuses_by_name_and_the_receipt_says_where() {
    for Case { who, request, change, block, passes, .. } in cases() {
        let chain = chain(Layer::Dispatch).await;
        let plan = chain.plan(who, request).await;
        chain.change(change);
        let error = chain.send(who, &plan).await.unwrap_err();
        let WriteError::Failed { fault, receipt } = &error else { panic!("{plan}: {error:?}") };
        assert_eq!((fault.name.as_str(), fault.layer), (block, Where::Dispatch), "{plan}");
        assert_eq!((receipt.block, receipt.index), (u64::from(chain.net.head()), 1));
        assert_eq!(error.passes(), passes, "{plan}: {error}");
        assert_eq!((chain.extrinsics().await, chain.kept()), (BEFORE + 1, 0), "{plan}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_keep_their_names_over_an_upgrade() {
    let chain = chain(Layer::Dispatch).await;
    let serve = Request::ServeAxon(ServeAxon::new(NETUID, "127.0.0.2:2".parse().unwrap()));
    chain.net.fault(Fault::Upgrade);
    let plan = chain.plan("//m2", serve).await;
    assert_eq!(plan.spec_version(), 394);
    chain.change(Change::ServingRateLimit { netuid: NETUID, blocks: 50 });
    let error = chain.send("//m2", &plan).await.unwrap_err();
    let WriteError::Failed { fault, .. } = error else { panic!("{error:?}") };
    assert_eq!(fault.name, "ServingRateLimitExceeded");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_of_the_pool_has_its_name() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let serve = || Request::ServeAxon(ServeAxon::new(NETUID, "127.0.0.2:1".parse().unwrap()));
    for (custom, name) in
        [(11, "InvalidIpAddress"), (10, "HotKeyNotRegisteredInNetwork"), (2, "BalanceTooLow"), (99, "Custom error: 99")]
    {
        let plan = chain.plan("//m2", serve()).await;
        chain.net.fault(Fault::RefusePool { custom, times: 1 });
        let error = chain.send("//m2", &plan).await.unwrap_err();
        assert!(matches!(&error, WriteError::Refused { fault, .. } if fault.name == name), "{error:?}");
    }
    chain.write("//m2", serve()).await.unwrap();
    assert_eq!(chain.extrinsics().await, 1);
}
