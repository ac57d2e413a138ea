package io.amalgam.internal.lora.apply;

import io.amalgam.internal.lora.LoraModule;
import java.util.Optional;

/**
 * The match of one module or whole tensor of an adapter.
 *
 * @param adapter what the user calls it
 * @param module the adapter's name of it
 * @param tensor the base's tensor it changes; empty where nothing matches
 * @param factors its factors; empty for tensors held whole
 */
public record LoraMatch(
        String adapter, String module, Optional<String> tensor, Optional<LoraModule> factors) {}
