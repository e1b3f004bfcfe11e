//! Saying where a server is.

use soma_localnet::{Change, Layer};
use subxt::dynamic::Value;

use crate::fixture::{Chain, Refused};

fn axon(ip: u128, port: u128, kind: u128) -> Vec<Value> {
    [1, 1, ip, port, kind, 4, 0, 0].into_iter().map(Value::u128).collect()
}

const SERVER: u128 = 0x7f00_0002;

#[tokio::test(flavor = "multi_thread")]
async fn an_axon_is_served_and_found() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    chain.call("//m2", "serve_axon", axon(SERVER, 8091, 4)).await.unwrap();
    let neuron = neuron(&chain, 2).await;
    assert!(neuron.contains("2130706434") && neuron.contains("8091"), "{neuron}");
    let mut tls = axon(SERVER, 8092, 4);
    tls.push(Value::from_bytes([1, 2, 3]));
    chain.call("//m2", "serve_axon_tls", tls).await.unwrap();
    chain
        .call("//m2", "serve_prometheus", [1, 1, SERVER, 7091, 4].into_iter().map(Value::u128).collect())
        .await
        .unwrap();
}

async fn neuron(chain: &Chain, uid: u16) -> String {
    let at = chain.client.at_current_block().await.unwrap();
    let call = subxt::dynamic::runtime_api_call::<_, Value>("NeuronInfoRuntimeApi", "get_neuron_lite", (1u16, uid));
    at.runtime_apis().call(call).await.unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_refuses_has_its_number_in_the_pool() {
    let chain = Chain::with_neurons(Layer::Pool).await;
    let refused = |number: u8| Err(Refused::Pool(1010, format!("Custom error: {number}")));
    for (who, axon, number) in [
        ("//m2", axon(0x7f00_0001, 8091, 4), 11),
        ("//m2", axon(0xffff_ffff, 8091, 4), 11),
        ("//m2", axon(1, 8091, 6), 11),
        ("//m2", axon(SERVER, 0, 4), 13),
        ("//m2", axon(SERVER, 8091, 5), 255),
        ("//Bob", axon(SERVER, 8091, 4), 10),
    ] {
        assert_eq!(chain.call(who, "serve_axon", axon).await, refused(number), "{who} {number}");
    }
    chain.net.change(&[Change::ServingRateLimit { netuid: 1, blocks: 50 }]).unwrap();
    chain.call("//m2", "serve_axon", axon(SERVER, 8091, 4)).await.unwrap();
    assert_eq!(chain.call("//m2", "serve_axon", axon(SERVER, 8092, 4)).await, refused(12));
    chain.net.advance(50);
    chain.call("//m2", "serve_axon", axon(SERVER, 8092, 4)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_chain_refuses_has_its_name_in_the_block() {
    let chain = Chain::with_neurons(Layer::Dispatch).await;
    for (who, axon, name) in [
        ("//m2", axon(0x7f00_0001, 8091, 4), "InvalidIpAddress"),
        ("//m2", axon(SERVER, 0, 4), "InvalidPort"),
        ("//m2", axon(SERVER, 8091, 5), "InvalidIpType"),
        ("//Bob", axon(SERVER, 8091, 4), "HotKeyNotRegisteredInNetwork"),
    ] {
        assert_eq!(chain.call(who, "serve_axon", axon).await, Err(Refused::Call(name.to_owned())));
    }
    let zero = [1, 1, 0, 7091, 4].into_iter().map(Value::u128).collect();
    assert_eq!(chain.call("//m2", "serve_prometheus", zero).await, Err(Refused::Call("InvalidIpAddress".to_owned())));
}
