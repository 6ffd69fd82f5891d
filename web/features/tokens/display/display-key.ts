/** What makes this browser a display: an id and a key that scripts can use and cannot read. Kept in IndexedDB. */
export interface DisplayIdentity {
  readonly deviceId: string;
  readonly name: string;
  readonly privateKey: CryptoKey;
}

const DATABASE = "fluxvision.display";
const STORE = "identity";
const KEY = "this";
const ALGORITHM = { name: "ECDSA", namedCurve: "P-256" } as const;

export interface DisplayStore {
  load(): Promise<DisplayIdentity | undefined>;
  save(identity: DisplayIdentity): Promise<void>;
}

export function createDisplayStore(): DisplayStore {
  return {
    load: async () => {
      const found: unknown = await inStore("readonly", (store) => store.get(KEY));
      return isIdentity(found) ? found : undefined;
    },
    save: async (identity) => {
      await inStore("readwrite", (store) => store.put(identity, KEY));
    },
  };
}

function isIdentity(value: unknown): value is DisplayIdentity {
  return typeof value === "object" && value !== null && "privateKey" in value && value.privateKey instanceof CryptoKey;
}

function inStore<T>(mode: IDBTransactionMode, run: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const transaction = database.transaction(STORE, mode);
      const request = run(transaction.objectStore(STORE));
      transaction.oncomplete = () => {
        database.close();
        resolve(request.result);
      };
      transaction.onabort = () => {
        database.close();
        reject(transaction.error);
      };
    };
  });
}

export interface DisplayKey {
  readonly privateKey: CryptoKey;
  /** P-256 point, uncompressed, base64. */
  readonly publicKey: string;
}

export async function createDisplayKey(): Promise<DisplayKey> {
  const { privateKey, publicKey } = await crypto.subtle.generateKey(ALGORITHM, false, ["sign", "verify"]);
  return { privateKey, publicKey: base64(await crypto.subtle.exportKey("raw", publicKey)) };
}

/** What the server takes for "this is still that display" (r | s, base64). */
export async function signChallenge({ deviceId, privateKey }: DisplayIdentity, challenge: string): Promise<string> {
  const text = new TextEncoder().encode(`fluxvision device v1|${deviceId}|${challenge}`);
  return base64(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, privateKey, text));
}

function base64(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)));
}
