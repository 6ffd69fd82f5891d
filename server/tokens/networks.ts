import { FluxError } from "../../shared/lib/errors.ts";
import { isInNetwork, parseNetwork } from "../net/address-class.ts";

/** The list as it is kept. Throws `token.bad_network` naming the entry that is none. */
export function checkedNetworks(list: readonly string[]): string[] {
  return list.map((text, index) => {
    try {
      parseNetwork(text);
      return text;
    } catch (cause) {
      const field = `networks.${index}`;
      throw new FluxError("token.bad_network", `${text} is no address and no range such as 10.0.0.0/8`, {
        cause,
        field,
      });
    }
  });
}

/** An empty list admits everyone. An address that is not known (`unknown`) is in no range. */
export function isAdmitted(ip: string, networks: readonly string[]): boolean {
  return networks.length === 0 || networks.some((network) => isInNetwork(ip, parseNetwork(network)));
}
