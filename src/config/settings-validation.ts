// The settings of what request messages are held against, as the YAML file spells them, and their defaults.
export interface ValidationSettings {
  enabled: boolean;
  output_only: "reject" | "ignore";
  max_violations: number;
}

export const validationSettings: Readonly<ValidationSettings> = {
  enabled: true,
  output_only: "reject",
  max_violations: 100,
};
