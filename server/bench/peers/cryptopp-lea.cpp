// LEA-256-GCM of Crypto++ as a peer of `fluxvision bench crypto`. Reads lines "seal|open BYTES TIMES" and answers each
// with the nanoseconds that TIMES messages took. Built at bench time: g++ -O2 cryptopp-lea.cpp -lcryptopp.
#include <chrono>
#include <iostream>
#include <string>
#include <vector>

#include <crypto++/gcm.h>
#include <crypto++/lea.h>

int main() {
  const std::vector<CryptoPP::byte> key(32, 7), nonce(12, 9), aad(48, 3);
  CryptoPP::GCM<CryptoPP::LEA>::Encryption sealer;
  CryptoPP::GCM<CryptoPP::LEA>::Decryption opener;
  sealer.SetKeyWithIV(key.data(), key.size(), nonce.data(), nonce.size());
  opener.SetKeyWithIV(key.data(), key.size(), nonce.data(), nonce.size());

  std::string operation;
  std::size_t bytes = 0, times = 0;
  while (std::cin >> operation >> bytes >> times) {
    std::vector<CryptoPP::byte> plain(bytes, 1), sealed(bytes + 16), opened(bytes);
    sealer.EncryptAndAuthenticate(sealed.data(), sealed.data() + bytes, 16, nonce.data(), 12, aad.data(), aad.size(),
                                  plain.data(), bytes);
    bool good = true;
    const auto start = std::chrono::steady_clock::now();
    for (std::size_t i = 0; i < times; i++) {
      if (operation == "seal") {
        sealer.EncryptAndAuthenticate(sealed.data(), sealed.data() + bytes, 16, nonce.data(), 12, aad.data(),
                                      aad.size(), plain.data(), bytes);
      } else {
        good = opener.DecryptAndVerify(opened.data(), sealed.data() + bytes, 16, nonce.data(), 12, aad.data(),
                                       aad.size(), sealed.data(), bytes) && good;
      }
    }
    const auto took = std::chrono::steady_clock::now() - start;
    if (!good) return 1;
    std::cout << std::chrono::duration_cast<std::chrono::nanoseconds>(took).count() << std::endl;
  }
}
