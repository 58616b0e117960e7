#![allow(missing_docs, clippy::all, clippy::unwrap_used, clippy::print_stdout, clippy::expect_used)]
use kfm::diag::*;
use kfm::kube::*;
use kfm::kustomization::types::*;
use kfm::resource::*;
use kfm::yaml::*;
use serde_json::Value as J;
use std::io::BufRead;
fn s(j: &J, k: &str) -> String {
    match &j[k] {
        J::String(s) => s.clone(),
        J::Null => String::new(),
        o => o.to_string(),
    }
}
fn main() {
    let src = Source::new("k.yaml", String::new());
    let mark = || Mark { source: src.clone(), offset: 0 };
    let text = |t: &str| Marked { value: t.to_owned(), mark: mark() };
    let sel = |j: &J| Selector {
        mark: None,
        gvk: Gvk { group: s(j, "group").into(), version: s(j, "version").into(), kind: s(j, "kind").into() },
        name: s(j, "name"),
        namespace: s(j, "namespace"),
        annotation_selector: s(j, "annotationSelector"),
        label_selector: s(j, "labelSelector"),
    };
    let opts = |j: &J| {
        if j.is_object() {
            Some(FieldOptions {
                delimiter: s(j, "delimiter"),
                index: j["index"].as_i64().unwrap_or(0),
                encoding: String::new(),
                create: j["create"].as_bool().unwrap_or(false),
            })
        } else {
            None
        }
    };
    for line in std::io::stdin().lock().lines() {
        let c: J = serde_json::from_str(&line.unwrap()).unwrap();
        let mut rm = ResMap::new();
        for (i, t) in c["resources"].as_array().unwrap().iter().enumerate() {
            let so = Source::new(format!("r{i}.yaml"), t.as_str().unwrap().to_owned());
            for mut d in split::read_all(&so).expect("read") {
                anchors::expand(&mut d).unwrap();
                rm.push(Resource::new(d));
            }
        }
        let reps: Vec<Replacement> = c["replacements"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| Replacement {
                mark: mark(),
                source: if r["source"].is_object() {
                    let j = &r["source"];
                    Some(SourceSelector {
                        selector: sel(j),
                        field_path: s(j, "fieldPath"),
                        options: opts(&j["options"]),
                    })
                } else {
                    None
                },
                source_value: r["sourceValue"].as_str().map(|t| text(t)),
                targets: r["targets"]
                    .as_array()
                    .map(|a| {
                        a.iter()
                            .map(|t| TargetSelector {
                                mark: mark(),
                                select: if t["select"].is_object() { Some(sel(&t["select"])) } else { None },
                                reject: t["reject"]
                                    .as_array()
                                    .map(|a| a.iter().map(|x| sel(x)).collect())
                                    .unwrap_or_default(),
                                field_paths: t["fieldPaths"]
                                    .as_array()
                                    .map(|a| a.iter().map(|x| text(x.as_str().unwrap_or("?"))).collect())
                                    .unwrap_or_default(),
                                options: opts(&t["options"]),
                            })
                            .collect()
                    })
                    .unwrap_or_default(),
            })
            .collect();
        let f = Findings::default();
        let compat = if c["compat"] == "5.7" { Compat::V5_7 } else { Compat::V5_8 };
        let res = kfm::refs::replacements::apply(&reps, &mut rm, compat, &f).and_then(|_| {
            let mut outs = vec![];
            for r in rm.iter() {
                let mut b = vec![];
                print(r.doc(), r.root(), &mut b)?;
                outs.push(String::from_utf8(b).unwrap());
            }
            Ok(outs)
        });
        let j = match res {
            Ok(o) => {
                serde_json::json!({"ok":o,"findings":f.take().iter().map(|x|x.message.clone()).collect::<Vec<_>>()})
            }
            Err(e) => serde_json::json!({"err":render::error(&e)}),
        };
        println!("{j}");
    }
}
