/** A software bill of materials as CycloneDX 1.5 has it, as far as we look at it. */
export interface Bom {
  readonly bomFormat: string;
  readonly metadata: { readonly component: { readonly name: string; readonly version: string } };
  readonly components: readonly { readonly name: string; readonly version: string }[];
}

export function sbom(root: string): Bom;
