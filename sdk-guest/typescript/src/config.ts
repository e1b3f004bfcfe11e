import { setting } from "#host";

/** Settings that the operator wrote for this slot. The manifest has to want `config`. */
export const config = {
  /** The text of a setting; nothing when the operator did not set it. */
  get(key: string): string | undefined {
    return setting(key) ?? undefined;
  },

  /** A setting that is JSON text, for example a list; nothing when the operator did not set it. */
  json(key: string): unknown {
    const text = config.get(key);
    if (text === undefined) {
      return undefined;
    }
    try {
      return JSON.parse(text);
    } catch (cause) {
      throw new Error(`the setting "${key}" is not JSON`, { cause });
    }
  },

  /** A setting that is a JSON list of texts, for example of hotkeys; nothing when the operator did not set it. */
  texts(key: string): string[] | undefined {
    const list = config.json(key);
    if (list === undefined) {
      return undefined;
    }
    if (!Array.isArray(list) || !list.every((item) => typeof item === "string")) {
      throw new Error(`the setting "${key}" is not a JSON list of texts`);
    }
    return list;
  },
};
