/** Who is calling. The host has verified the signature; nothing in here is taken from the body. */
export interface Caller {
  /** ss58 address (format 42) of the key that signed the request. */
  hotkey: string;
  /** Its uid on this subnet, 0 to 65535; nothing when it is not registered or the host runs offline. */
  uid?: number | null | undefined;
  /** Its stake on this subnet, in whole alpha; 0 when unknown. */
  stake: number;
  /** Whether it may set weights for others. False when unknown. */
  validatorPermit: boolean;
  /** IP address of the peer as the host saw it, without port. */
  ip: string;
  /** Whether the signature covers the body; of a synapse it covers the route's hash fields at most. */
  bodyBound: boolean;
}

/** What is known about a request without its body. */
export interface Request {
  /** Names this request in logs and error answers. */
  id: string;
  /** The route as the manifest names it; for a synapse its class name. */
  route: string;
  /** Path and query as they were sent. */
  target: string;
  caller: Caller;
  /** `synapse` up to version 10 of the Python SDK, `btauth` from version 11 on. */
  dialect: "synapse" | "btauth";
  /** `GET`, `POST`, ... */
  method: string;
  /** The headers that the manifest lists for this route, names in lower case. A name may come twice. */
  headers: [string, string][];
  /** Media type of the body; empty when the caller sent none. */
  contentType: string;
  /** Length of the body in bytes, as it was sent. */
  bodyLen: number;
  /** When the request arrived: milliseconds since 1970, UTC. */
  receivedMs: number;
  /** Milliseconds that are left until the host gives up, counted from the call of this hook. */
  deadlineMs: number;
}
